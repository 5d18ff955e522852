// The gate: a Worker in front of a site. It asks home first and, where home can't answer, the standby, per request.
// 1. Nothing is done twice. Only a code that says "never reached" lets an unsafe request go elsewhere. A `fetch` that
//    throws says nothing (refused, reset, cut off: one error), so it counts as "perhaps done"; Cloudflare has a 521.
// 2. The gate bridges, the function decides: what is known here of home is forgotten within seconds, and where the site
//    is, is which script its route has. A failure is reported, so that the function looks and moves the route.
// 3. A broken setting never costs a healthy site: home is asked all the same, and the log says what to mend.
const NEVER_REACHED = new Set([521, 523, 525, 526, 530]); // no connection, route, TLS or tunnel: any method goes on
const PERHAPS_DONE = new Set([502, 504, 520, 522, 524]); // only what may be done twice goes on
const HARMLESS = new Set(["GET", "HEAD", "OPTIONS"]);
const HOME_PAUSE = 5_000; // ms; so long after a failure the standby is asked at once, then one request tries home
const TRIAL_PATIENCE = 200; // how long that one waits before the standby is asked beside
const ANSWER_LIMIT = 25_000; // both were asked, neither answers: the last resort
const TOKEN_LIMIT = 5_000, REPORT_EVERY = 30_000;
const TOO_LARGE = Symbol("a body that is not kept for a second try");
const memory = { homeAnswered: 0, homeAgainAt: 0, outage: 0, told: 0, reported: 0, tokens: {}, said: {} }; // here alone

export default {
  async fetch(request, env, ctx) {
    ctx.passThroughOnException?.();
    const visit = visitOf(request, env, ctx);
    const answer = await serve(visit).catch((error) => say(`the gate failed: ${error?.stack}`));
    return dress(visit, answer?.response ? answer : page(503, env.LAST_RESORT || "Nobody answers. Come back soon."));
  },
};

// An answer is { by, response }; what is no answer is { missed: why }.
async function serve(visit) {
  const { env, harmless } = visit;
  if (visit.hops.includes(env.SITE)) return page(508, "Home or the standby leads back to this gate.");
  if (env.MODE === "standby") return askStandby(visit);
  if (!memory.homeAgainAt) return homeFirst(visit, visit.patience);
  const due = Date.now() >= memory.homeAgainAt;
  if (due) memory.homeAgainAt = Date.now() + HOME_PAUSE;
  if (due && harmless) return homeFirst(visit, Math.min(TRIAL_PATIENCE, visit.patience));
  if (due) visit.ctx.waitUntil(homeLives(visit)); // an order is no experiment: a HEAD tries home in its stead
  const standby = await askStandby(visit);
  return standby.missed && harmless ? firstGood(visit, askHome(visit, homeRequest(visit))) : standby;
}
async function homeFirst(visit, patience) {
  const home = askHome(visit, homeRequest(visit, await visit.body()));
  const late = { missed: `home gave no answer within ${patience} ms` };
  const first = await Promise.race([home, visit.harmless ? wait(patience, late) : homeSilent(visit, patience)]);
  visit.settled = true;
  if (!first.missed) return first;
  homeFailed(visit, first.missed);
  if (visit.harmless) return firstGood(visit, home, askStandby(visit));
  if (NEVER_REACHED.has(first.status)) return askStandby(visit);
  return page(503, "It isn't known whether this request was carried out. Please look before you send it again.");
}
async function firstGood(visit, ...asked) {
  const good = asked.map((one) => one.then((answer) => (answer.missed ? Promise.reject(answer) : answer)));
  const winner = await Promise.race([Promise.any(good), wait(ANSWER_LIMIT)]).catch((none) => none);
  for (const one of asked) visit.ctx.waitUntil(one.then((answer) => answer !== winner && discard(answer.response)));
  return winner;
}
async function askHome(visit, request) {
  const response = await fetch(request).catch((error) => ({ status: error }));
  const { status } = response;
  if (status instanceof Error) return { missed: `home broke off: ${status.message}` };
  if (NEVER_REACHED.has(status) || PERHAPS_DONE.has(status)) {
    discard(response);
    return { missed: `home answered ${status}`, status };
  }
  memory.homeAnswered = Date.now();
  memory.homeAgainAt = memory.outage = 0;
  if (memory.told) visit.ctx.waitUntil(report(visit, "closed", "home answers again"));
  if (visit.env.TOKEN_AUDIENCE) visit.ctx.waitUntil(bearer(visit, "target_audience", true)); // before it is needed
  return { by: "primary", response };
}
// Ends when nobody is at home: an unsafe request may take its time while a HEAD beside it is answered.
async function homeSilent(visit, pause) {
  do await wait(pause); while (!visit.settled && (await homeLives(visit)) && (pause *= 2));
  return { missed: "home went silent" };
}
async function homeLives(visit) {
  const look = new Request(new URL("/", visit.url), { method: "HEAD", headers: onward(visit), redirect: "manual" });
  return (await Promise.race([askHome(visit, look), wait(visit.patience)])).by === "primary";
}
function homeFailed(visit, why) {
  if (memory.homeAnswered > visit.began) return; // it answered others meanwhile: one slow page is no outage
  memory.homeAgainAt = Date.now() + HOME_PAUSE;
  memory.outage ||= Math.floor(visit.began / 1000);
  say(why);
  visit.ctx.waitUntil(report(visit, "open", why));
}

async function askStandby(visit, again) {
  const { env, standby } = visit;
  if (!standby) return standbyFailed("STANDBY_URL is missing or no URL: set it to the service's own URL");
  if (env.READ_ONLY === "true" && !visit.harmless) return page(503, "The site is read-only: its standby serves it.");
  const body = await visit.body();
  if (body === TOO_LARGE) return page(503, "Nothing was carried out. Please send it again.");
  const token = env.TOKEN_AUDIENCE ? await bearer(visit, "target_audience") : null;
  const value = token?.value;
  const response = await fetch(standbyRequest(visit, value, body)).catch((error) => ({ error }));
  const { error, status, headers } = response;
  if (error) return standbyFailed(`the standby broke off (${error.message}): does ${standby.origin} run?`);
  const refused = env.TOKEN_AUDIENCE && (status === 401 || status === 403) && again !== "doubted" &&
    whoRefuses(visit, token, value, headers.get("www-authenticate"));
  if (!refused && status !== 503 && status !== 508 && !NEVER_REACHED.has(status) && !PERHAPS_DONE.has(status)) {
    if (token && status !== 401 && status !== 403) token.proven = true;
    return { by: "standby", response };
  }
  discard(response);
  if (refused === "doubted" && token.value === value) {
    if (!token.exchange) bearer(visit, "target_audience", Object.assign(token, { renewAt: 0, triedAt: 0 }));
    await Promise.race([token.exchange, wait(TOKEN_LIMIT)]); // the others go on with the one that there is
  } else if (refused && token?.value && token.value === value) token.renewAt = token.expiresAt = 0;
  if (refused && token && !again) return askStandby(visit, refused);
  const mend = refused ? `: grant ${env.SERVICE_ACCOUNT} roles/run.invoker, and look at TOKEN_AUDIENCE` : "";
  return standbyFailed(`the standby answered ${status}${mend}`);
}
// The door, or the application? What no token of ours could open yet is the door. Later it is doubted, once in a while and
// where asking twice does no harm, that the token still opens it: who refuses the next one, too, is the application.
function whoRefuses({ harmless }, token, value, challenge) {
  if (challenge && !/^bearer/i.test(challenge)) return null;
  if (!token?.proven) return "door";
  const replaced = token.value !== value || token.exchange, lately = Date.now() - token.doubtedAt < REPORT_EVERY;
  if (!(harmless || /invalid_token/.test(challenge)) || (lately && !replaced)) return null;
  return (token.doubtedAt = Date.now()), "doubted";
}
// Nothing to bridge with: whoever comes next asks home again.
const standbyFailed = (missed) => ((memory.homeAgainAt = 0), say(missed), { missed });
// Told on the alerts topic, beside the answer, in the shape of Cloud Monitoring's notifications.
async function report({ env, request, ctx }, state, summary) {
  if (!env.REPORT_URL || !env.SITE || Date.now() - memory.reported < REPORT_EVERY) return;
  const started_at = memory.outage || memory.told, watcher = request.cf?.colo ? `gate-${request.cf.colo}` : "gate";
  memory.reported = Date.now();
  memory.told = memory.outage;
  const incident = {
    incident_id: `${watcher}-${env.SITE}-${started_at}`, state, summary, started_at,
    metric: { type: "monitoring.googleapis.com/uptime_check/check_passed" },
    policy_user_labels: { failover_site: env.SITE, failover_watcher: watcher },
  };
  const token = env.SIGNING_KEY && (await bearer({ env, ctx }, "scope"));
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token.value}` }) };
  const body = JSON.stringify({ messages: [{ data: base64(bytes({ version: "1.2", incident })) }] });
  const { status } = await fetch(env.REPORT_URL, { method: "POST", headers, body }).catch((status) => ({ status }));
  if (status !== 200) say(`the report was not published (${status}): look at REPORT_URL and who may publish there`);
}
// A token, kept, renewed at half of its life, one exchange at a time. `ahead`: nobody waits for it.
async function bearer({ env, ctx }, claim, ahead = false) {
  const held = (memory.tokens[claim] ??= { renewAt: 0, expiresAt: 0, triedAt: 0 });
  const usable = () => Date.now() < held.expiresAt;
  const rest = ahead || usable() ? REPORT_EVERY : held.exchange ? 2 * TOKEN_LIMIT : 0; // its asker may be gone
  if (Date.now() >= Math.max(held.renewAt, held.triedAt + rest)) {
    held.triedAt = Date.now();
    ctx.waitUntil(held.exchange = exchange(env, claim).then((fresh) => Object.assign(held, fresh)).catch((error) =>
      say(`no token: ${error.message}; look at SERVICE_ACCOUNT, SIGNING_KEY (PKCS#8), TOKEN_AUDIENCE, TOKEN_URL`))
      .finally(() => (held.exchange = null)));
  }
  if (!usable() && !ahead) await Promise.race([held.exchange, wait(2 * TOKEN_LIMIT)]);
  return usable() ? held : null;
}
async function exchange({ SERVICE_ACCOUNT: iss, SIGNING_KEY, TOKEN_URL, TOKEN_AUDIENCE }, claim) {
  const aud = TOKEN_URL || "https://oauth2.googleapis.com/token", iat = Math.floor(Date.now() / 1000);
  const wanted = claim === "scope" ? "https://www.googleapis.com/auth/pubsub" : TOKEN_AUDIENCE;
  const claims = { iss, sub: iss, aud, iat, exp: iat + 3600, [claim]: wanted };
  const signed = [{ alg: "RS256", typ: "JWT" }, claims].map((part) => web64(bytes(part))).join(".");
  const how = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const der = typeof SIGNING_KEY === "string" && plain(SIGNING_KEY.replace(/\\n|\s|-----[^-]*-----/g, ""));
  const key = der ? await crypto.subtle.importKey("pkcs8", der, how, false, ["sign"]) : SIGNING_KEY;
  const assertion = `${signed}.${web64(await crypto.subtle.sign(how, key, new TextEncoder().encode(signed)))}`;
  const body = new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
  const response = await fetch(aud, { method: "POST", body, signal: AbortSignal.timeout(TOKEN_LIMIT) });
  const { id_token, access_token, expires_in, error } = await response.json();
  const value = claim === "scope" ? access_token : id_token;
  if (!response.ok || !value) throw new Error(`${aud} answered ${response.status} ${error ?? ""}`);
  const own = id_token ? JSON.parse(new TextDecoder().decode(plain(id_token.split(".")[1]))) : {};
  const life = 1000 * (own.exp - (own.iat ?? iat) || expires_in || 3600);
  return { value, renewAt: Date.now() + life / 2, expiresAt: Date.now() + life };
}

function visitOf(request, env, ctx) {
  const number = (name, usual, given = parseFloat(env[name] || usual)) =>
    given >= 0 ? given : (say(`${name} is no number: ${usual} is taken`), usual);
  if (!["gate", "standby", undefined].includes(env.MODE)) say(`MODE is "${env.MODE}": "gate" is taken`);
  return {
    request, env, ctx, url: new URL(request.url), began: Date.now(), settled: false,
    hops: (request.headers.get("failover-hop") ?? "").split(", ").filter(Boolean),
    harmless: HARMLESS.has(request.method), patience: number("PATIENCE_MS", 2_000), standby: URL.parse(env.STANDBY_URL),
    body: bodyOf(request, number("REPLAY_BYTES", 1 << 20)),
  };
}
// The body: the first time the stream itself, later what was kept of it.
function bodyOf({ body, headers }, limit) {
  const small = body && !(Number(headers.get("content-length")) > limit);
  const [now, later] = small ? body.tee() : [body, null];
  const collect = async (chunks) => {
    for await (const chunk of later) if ((limit -= chunks[chunks.push(chunk) - 1].length) < 0) return TOO_LARGE;
    return new Blob(chunks).arrayBuffer();
  };
  const copies = [now, small ? collect([]).catch(() => TOO_LARGE) : body && TOO_LARGE];
  return async () => (copies.length > 1 ? copies.shift() : copies[0]);
}
// What goes on to either place: the visitor's own headers, and who has already passed the request on.
function onward({ request, env, hops }) {
  const headers = new Headers(request.headers);
  const ours = ["probe", "served-by", "hop"].map((name) => `failover-${name}`);
  for (const name of [...ours, "x-serverless-authorization"]) headers.delete(name); // no stranger's
  headers.set("failover-hop", [...hops, env.SITE].join(", "));
  return headers;
}
const homeRequest = (visit, body) => new Request(visit.request, { headers: onward(visit), ...(body && { body }) });
function standbyRequest(visit, token, body) {
  const { url, request: { method } } = visit;
  const target = Object.assign(new URL(visit.standby), { pathname: url.pathname, search: url.search });
  const headers = onward(visit);
  headers.set("x-forwarded-host", url.host);
  headers.set("x-forwarded-proto", url.protocol.slice(0, -1));
  if (headers.has("cf-connecting-ip")) headers.set("x-forwarded-for", headers.get("cf-connecting-ip"));
  if (token) headers.set("x-serverless-authorization", `Bearer ${token}`);
  return new Request(target, { method, headers, body, redirect: "manual" });
}
function dress({ request, url, standby, began }, { by, response }) {
  const dressed = new Response(response.body, response), { headers } = dressed;
  headers.set("failover-served-by", by);
  headers.delete("failover-probe");
  if (request.headers.has("failover-probe")) headers.set("failover-probe", request.headers.get("failover-probe"));
  headers.append("server-timing", `${by};dur=${Date.now() - began}`);
  if (by !== "standby") return dressed;
  const place = headers.get("location") ?? "/", absolute = /^(https?:)?\/\/[^/?#]*/i;
  if (URL.parse(place, standby)?.host === standby.host) headers.set("location", place.replace(absolute, url.origin));
  const cookies = headers.getSetCookie().map((cookie) => cookie.replace(/(;\s*domain=)\.?([^;\s]+)/i,
    (all, key, domain) => (domain.toLowerCase() === standby.hostname ? key + url.hostname : all)));
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return dressed;
}
function page(status, text) {
  const words = String(text).replace(/[&<]/g, (it) => `&#${it.charCodeAt()};`);
  const html = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${status}</title><p style="font:1.2em sans-serif;max-width:30em;margin:20vh auto">${words}`;
  const headers = { "content-type": "text/html; charset=utf-8", "retry-after": "10", "cache-control": "no-store" };
  return { by: "edge", response: new Response(html, { status, headers }) };
}
// A line for whoever mends it; the same one at most every thirty seconds.
function say(line) {
  if (Date.now() - (memory.said[line] ?? 0) < REPORT_EVERY) return;
  memory.said[line] = Date.now();
  console.error(`gate: ${line}`);
}
const discard = (gone) => (gone?.webSocket?.accept(), gone?.webSocket?.close(), gone?.body?.cancel().catch(() => {}));
const wait = (ms, value = {}) => new Promise((resolve) => setTimeout(resolve, ms, value));
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));
const base64 = (data) => btoa(String.fromCharCode(...new Uint8Array(data)));
const web64 = (data) => base64(data).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const plain = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
