// A Worker that passes requests on and says so: what any Worker in a visitor's way costs.
export default {
  async fetch(request) {
    const headers = new Headers(request.headers);
    headers.set("failover-hop", "resume");
    const response = await fetch(new Request(request, { headers }));
    const passed = new Response(response.body, response);
    passed.headers.set("failover-served-by", "primary");
    return passed;
  },
};
