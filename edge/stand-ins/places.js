// The places a gate talks to, with real sockets: home and every way to lose it, the closed standby, Google's token
// endpoint, a topic.
import { createVerify, createHmac, generateKeyPairSync } from "node:crypto";
import http from "node:http";

export const ACCOUNT = "gate@example.iam.gserviceaccount.com";
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const PEM = privateKey.export({ type: "pkcs8", format: "pem" });
const SECRET = "known to the token endpoint and the standby's door";

function listen(server) {
  return new Promise((resolve) => server.listen(server.at ?? 0, "127.0.0.1", () => {
    server.at = server.address().port; // the same one when it comes back
    resolve(server.at);
  }));
}

/// A place with a log of what it was asked and a way to answer that the test sets.
export async function place(answer) {
  const asked = [];
  const it = { asked, answer, port: 0, sockets: new Set() };
  const server = http.createServer(async (request, response) => {
    request.on("error", () => {});
    const entry = { method: request.method, url: request.url, headers: request.headers, body: Buffer.alloc(0) };
    asked.push(entry);
    if (it.answer.unread) return;
    for await (const chunk of request) entry.body = Buffer.concat([entry.body, chunk]);
    it.answer(request, response, entry);
  });
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    it.sockets.add(socket);
    socket.on("close", () => it.sockets.delete(socket));
  });
  it.server = server;
  it.port = await listen(server);
  it.url = `http://127.0.0.1:${it.port}`;
  it.refuse = () => new Promise((resolve) => {
    if (!server.listening) return resolve();
    server.close(resolve);
    for (const socket of it.sockets) socket.destroy();
  });
  it.listen = () => server.listening || listen(server);
  return it;
}

export const says = (status, words = `${status}`, headers = {}) => (request, response) =>
  response.writeHead(status, headers).end(words);
export const resets = (request) => request.socket.resetAndDestroy();
export const cuts = (request) => request.socket.end();
export const hangs = Object.assign(() => {}, { unread: true });
export const hangsAfterTheBody = () => {};

const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));
const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const sign = (words) => createHmac("sha256", SECRET).update(words).digest("base64url");

/// Google's token endpoint: what it refuses, it refuses with the reason.
export async function tokens({ life = 3600 } = {}) {
  const given = [];
  const it = await place((request, response, { body }) => {
    const { grant_type, assertion } = Object.fromEntries(new URLSearchParams(body.toString()));
    const wrong = check(assertion, grant_type, it);
    const claims = wrong ? {} : decode(assertion.split(".")[1]);
    given.push(wrong ?? claims);
    if (wrong) return says(400, JSON.stringify({ error: "invalid_grant", error_description: wrong }))(request, response);
    const iat = Math.floor(Date.now() / 1000);
    const words = `${encode({ alg: "HS256" })}.${encode({ aud: claims.target_audience, iat, exp: iat + it.life })}`;
    const answer = claims.scope ? { access_token: `access-${given.length}`, expires_in: it.life } : { id_token: `${words}.${sign(words)}` };
    setTimeout(() => says(200, JSON.stringify(answer))(request, response), it.delay);
  });
  return Object.assign(it, { given, life, delay: 0, account: ACCOUNT });
}

function check(assertion, grant, it) {
  if (grant !== "urn:ietf:params:oauth:grant-type:jwt-bearer") return `grant_type ${grant}`;
  const [head, body, signature] = assertion.split(".");
  const { alg } = decode(head);
  const claims = decode(body);
  const verified = createVerify("RSA-SHA256").update(`${head}.${body}`).verify(publicKey, signature, "base64url");
  const now = Date.now() / 1000;
  if (alg !== "RS256" || !verified) return "the signature";
  if (claims.iss !== it.account || claims.sub !== it.account) return "iss or sub";
  if (claims.aud !== `${it.url}/token`) return `aud ${claims.aud}`;
  if (!(Math.abs(claims.iat - now) < 60) || !(claims.exp - claims.iat <= 3600) || claims.exp < now) return "iat or exp";
  if (!claims.target_audience === !claims.scope) return "target_audience, or scope";
  return null;
}

/// A closed service: its door answers whoever lacks a good token for this audience; the application answers the rest.
export async function standby(audience = "https://standby.example") {
  const it = await place((request, response, entry) => {
    const token = (request.headers["x-serverless-authorization"] ?? "").replace(/^Bearer /, "");
    const refusal = it.open ? null : refuses(token, audience);
    it.refused += refusal ? 1 : 0;
    if (refusal === 401) return says(401, "", { "www-authenticate": 'Bearer error="invalid_token"' })(request, response);
    if (refusal) return says(refusal, "Your client does not have permission to get this URL")(request, response);
    it.let.push(entry);
    it.application(request, response, entry);
  });
  return Object.assign(it, { open: false, refused: 0, let: [], audience, application: says(200, "the standby") });
}

function refuses(token, audience) {
  if (!token) return 403;
  const [head, body, signature] = token.split(".");
  if (signature !== sign(`${head}.${body}`)) return 401;
  const { aud, exp } = decode(body);
  if (aud !== audience) return 403;
  return exp * 1000 < Date.now() ? 401 : null;
}

/// A topic: what was published, read as the function reads it.
export async function topic() {
  const published = [];
  const it = await place((request, response, { body, headers }) => {
    for (const { data } of JSON.parse(body).messages) {
      published.push({ ...JSON.parse(Buffer.from(data, "base64")), token: headers.authorization });
    }
    says(200, '{"messageIds":["1"]}')(request, response);
  });
  return Object.assign(it, { published });
}

/// A visitor: one request to a gate that believes itself to be at home's host.
export function visit(port, home, { method = "GET", path = "/", headers = {}, body = null, limit = 20_000 } = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const length = body === null || headers["transfer-encoding"] ? {} : { "content-length": Buffer.byteLength(body) };
    const request = http.request({
      port, host: "127.0.0.1", method, path, agent: false, headers: { host: `localhost:${home.port}`, ...length, ...headers },
    }, async (response) => {
      const chunks = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
      } catch (error) {
        return reject(error);
      }
      const { statusCode: status, headers } = response;
      const bytes = Buffer.concat(chunks);
      resolve({ status, headers, by: headers["failover-served-by"], bytes, body: bytes.toString(), ms: performance.now() - began });
    });
    request.setTimeout(limit, () => request.destroy(new Error(`${method} ${path}: no answer within ${limit} ms`)));
    request.on("error", reject);
    request.end(body);
  });
}

/// All of it, and gates in front: `count` that know nothing of each other, or one for each of several bindings.
export async function scene(start, bindings = {}, { count = 1, each = null, keys = false, life } = {}) {
  const [home, closed, google, alerts] = await Promise.all([place(says(200, "home")), standby(), tokens({ life }), topic()]);
  const all = {
    SITE: "resume", STANDBY_URL: closed.url, TOKEN_AUDIENCE: closed.audience, SERVICE_ACCOUNT: ACCOUNT, SIGNING_KEY: PEM,
    TOKEN_URL: `${google.url}/token`, REPORT_URL: `${alerts.url}/v1/projects/p/topics/alerts:publish`, ...bindings,
  };
  const gates = (each ?? Array(count).fill({})).map((own) =>
    Object.fromEntries(Object.entries({ ...all, ...own }).filter(([, value]) => value !== undefined)));
  const runtime = await start(gates, { keys });
  const end = async () => {
    await runtime.stop();
    await Promise.all([home, closed, google, alerts].map((one) => one.refuse()));
  };
  const go = (at, request) => visit(runtime.ports[at], home, request);
  return { home, standby: closed, google, alerts, go, end, log: runtime.log, ports: runtime.ports };
}

export async function until(what, holds, limit = 15_000) {
  const last = Date.now() + limit;
  while (!(await holds())) {
    if (Date.now() > last) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
