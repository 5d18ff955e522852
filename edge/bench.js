// What a loss of home costs visitors, by the way that leads them to the standby: `node bench.js`, in Cloudflare's own
// runtime, with real sockets. A thousand visitors at fifty a second, every fourth sends an order; home dies after a
// random moment of the second second. Between gate and home stands what Cloudflare's edge makes of a dead home.
// `node bench.js healthy` plays what the gate costs a healthy site, alone.
import http from "node:http";
import { ACCOUNT, PEM, place, says, standby as closedStandby, tokens, topic } from "./stand-ins/places.js";
import { start } from "./stand-ins/runtime.js";

const VISITORS = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 1000);
const EVERY = 20; // ms
const SILENCE = 19_000; // how long the edge waits for an address that says nothing, before its 522
// Our watcher by its defaults: looks five seconds apart, the third silent one reports; then the move.
const MOVED_AFTER = 13_000;
const DEATHS = { "refuses (521)": 521, "tunnel gone (530)": 530, "says nothing (522)": 522 };
const BALANCED = [521, 522, 523, 525, 526]; // what Cloudflare Load Balancing sends again, the same request
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/// What Cloudflare makes of home: passes on what it says, or says what it met.
async function zone(home) {
  const it = { death: null };
  const server = http.createServer((request, response) => {
    if (it.death === 522) return setTimeout(() => response.writeHead(522).end(), SILENCE);
    if (it.death) return request.resume().on("end", () => response.writeHead(it.death).end());
    pass(request, response, home.port);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(it, { server, port: server.address().port });
}

function pass(request, response, port, headers = {}) {
  const { method, url } = request;
  const on = http.request({ agent, port, method, path: url, headers: { ...request.headers, ...headers } }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  on.on("error", () => response.headersSent ? response.destroy() : response.writeHead(502).end());
  request.pipe(on);
}

/// The same request once more where Cloudflare Load Balancing would, to an endpoint that is open.
function balance(request, response, { zone, open }) {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk)).on("end", () => ask(zone.port, (answer) => {
    if (!BALANCED.includes(answer.statusCode)) return give(answer);
    answer.resume();
    ask(open.port, give);
  }));
  const give = (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  };
  const ask = (port, then) => {
    const { method, url, headers } = request;
    http.request({ agent, port, method, path: url, headers }, then)
      .on("error", () => response.writeHead(502).end()).end(Buffer.concat(chunks));
  };
}

const WAYS = {
  "redirect by alert (a minute and more)": { moved: () => false },
  "redirect by our watcher": { moved: (since) => since > MOVED_AFTER, then: (request, response, { open }) =>
    response.writeHead(302, { location: `http://127.0.0.1:${open.port}${request.url}` }).end() },
  "Worker set in the outage, by our watcher": { moved: (since) => since > MOVED_AFTER, then: (request, response, { ports }) =>
    pass(request, response, ports[1]) },
  "Cloudflare Load Balancing's rule": { moved: () => true, then: balance },
  "gate, always on": { moved: () => true, then: (request, response, { ports }) => pass(request, response, ports[0]) },
};

async function stage() {
  const home = await place(says(200, "home"));
  const [closed, open, google, alerts] = await Promise.all([closedStandby(), place(says(200, "standby")), tokens(), topic()]);
  const edge = await zone(home);
  const bindings = {
    SITE: "resume", STANDBY_URL: closed.url, TOKEN_AUDIENCE: closed.audience, SERVICE_ACCOUNT: ACCOUNT, SIGNING_KEY: PEM,
    TOKEN_URL: `${google.url}/token`, REPORT_URL: `${alerts.url}/v1/projects/p/topics/alerts:publish`,
  };
  const runtime = await start([{ ...bindings, MODE: "gate" }, { ...bindings, MODE: "standby" }]);
  const it = { home, closed, open, zone: edge, ports: runtime.ports, way: null, lost: 0 };
  const front = http.createServer((request, response) => {
    const since = it.lost ? performance.now() - it.lost : -1;
    request.headers.host = `localhost:${edge.port}`; // the gate's own zone
    if (it.way.moved(since)) return it.way.then(request, response, it);
    pass(request, response, edge.port);
  });
  await new Promise((resolve) => front.listen(0, "127.0.0.1", resolve));
  it.port = front.address().port;
  it.end = async () => {
    await runtime.stop();
    agent.destroy();
    for (const server of [front, edge.server, ...[home, closed, open, google, alerts].map((one) => one.server)]) {
      server.close();
      server.closeAllConnections();
    }
  };
  return it;
}

/// One visitor, who follows one redirect as browsers do: an order becomes a GET there.
function come(port, number) {
  const order = number % 4 === 3;
  const began = performance.now();
  return new Promise((resolve) => {
    const done = (status, how) => resolve({ ms: performance.now() - began, order, status, ...how });
    const ask = (options, body, hops) => {
      const request = http.request({ host: "127.0.0.1", agent: false, ...options }, (answer) => {
        answer.resume();
        if (answer.statusCode === 302 && hops) {
          const { port, pathname } = new URL(answer.headers.location);
          return ask({ port, path: pathname, method: "GET" }, null, hops - 1);
        }
        answer.on("end", () => done(answer.statusCode, { kept: order === (options.method === "POST"), told: "retry-after" in answer.headers }));
      });
      request.on("error", () => done(0, {}));
      request.end(body);
    };
    const body = order ? `order ${number}` : null;
    ask({ port, path: `/orders/${number}`, method: order ? "POST" : "GET", headers: body ? { "content-length": body.length } : {} }, body, 1);
  });
}

async function row(way, death) {
  const it = await stage();
  it.way = WAYS[way];
  await come(it.port, 0); // the runtime is awake
  const dies = 1_000 + Math.random() * 1_000;
  setTimeout(() => {
    it.lost = performance.now();
    it.zone.death = DEATHS[death];
  }, dies);
  const coming = [];
  const began = performance.now();
  for (let number = 0; number < VISITORS; number++) {
    const due = began + number * EVERY - performance.now();
    if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
    coming.push(come(it.port, number));
  }
  const visits = await Promise.all(coming);
  const carried = [...it.home.asked, ...it.closed.let, ...it.open.asked].filter(({ method }) => method === "POST").map(({ url }) => url);
  await it.end();
  const served = visits.filter(({ status, kept }) => status === 200 && kept);
  const told = visits.filter(({ status, order, told }) => status === 503 && order && told);
  const waits = visits.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    lost: VISITORS - served.length - told.length, told: told.length, twice: carried.length - new Set(carried).size,
    p99: waits[Math.floor(waits.length * 0.99)], longest: waits.at(-1),
  };
}

/// What the gate adds for a visitor of a healthy site, and how much of it is the runtime's: requests to each in turn, the
/// median of the quietest of ten rounds, since whatever else a machine does is no part of it.
async function overhead() {
  const it = await stage();
  const passing = await start([{ SITE: "resume" }], { source: new URL("stand-ins/passes.js", import.meta.url) });
  const ports = { home: it.zone.port, worker: passing.ports[0], gate: it.ports[0] };
  const times = Object.fromEntries(Object.keys(ports).map((name) => [name, []]));
  for (let at = 0; at < 1_100; at++) {
    for (const [name, port] of Object.entries(ports)) {
      const began = performance.now();
      await new Promise((resolve, reject) => http.get({ agent, port, headers: { host: `localhost:${it.zone.port}` } }, (answer) => answer.resume().on("end", resolve)).on("error", reject));
      if (at >= 100) times[name].push(performance.now() - began);
    }
  }
  await passing.stop();
  await it.end();
  const median = (of) => of.sort((a, b) => a - b)[of.length >> 1];
  const rounds = (of) => Array.from({ length: 10 }, (_, at) => median(of.slice(at * 100, at * 100 + 100)));
  return Object.fromEntries(Object.entries(times).map(([name, of]) => [name, Math.min(...rounds(of)).toFixed(2)]));
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
if (!process.argv.includes("healthy")) {
  console.log(`| the way to the standby | home | lost of ${VISITORS} | told that nobody knows | done twice | p99 wait | longest wait |`);
  console.log("|---|---|---|---|---|---|---|");
  for (const way of Object.keys(WAYS)) {
    for (const death of Object.keys(DEATHS)) {
      const { lost, told, twice, p99, longest } = await row(way, death);
      console.log(`| ${way} | ${death} | ${lost} | ${told} | ${twice} | ${seconds(p99)} | ${seconds(longest)} |`);
    }
  }
}
const { home, worker, gate } = await overhead();
console.log(`\nA healthy site: ${home} ms without a Worker, ${worker} ms through one that only passes on, ${gate} ms through the gate (medians of 100, the quietest round of ten).`);
