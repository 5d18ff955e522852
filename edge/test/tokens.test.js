// The token for the closed standby, the report, and what happens where a setting is wrong.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { PEM, hangs, says, scene, until } from "../stand-ins/places.js";
import { skipped, start } from "../stand-ins/runtime.js";

const run = (name, bindings, story, options) =>
  test(name, { skip: skipped(), timeout: 120_000 }, async (t) => {
    const stage = await scene(start, bindings, options);
    t.after(stage.end);
    await story(stage, t);
  });

const ids = (google) => google.given.filter((claims) => claims.target_audience);

for (const [name, key, options] of [
  ["PEM", PEM, {}], ["PEM on one line", PEM.replace(/\n/g, "\\n"), {}], ["a key that can't be read out", PEM, { keys: true }],
]) {
  run(`one token opens the standby for all visitors: ${name}`, { SIGNING_KEY: key }, async ({ home, google, standby, go }) => {
    home.answer = says(530);
    google.delay = 200;
    const answers = await Promise.all(Array.from({ length: 20 }, () => go(0)));
    assert.deepEqual(answers.map(({ by }) => by), Array(20).fill("standby"));
    assert.deepEqual([ids(google).length, standby.refused], [1, 0]);
  }, options);
}

run("the token is at hand before it is needed", {}, async ({ home, google, go }) => {
  await go(0);
  await until("the token was asked for", () => ids(google).length === 1);
  google.answer = hangs;
  home.answer = says(530);
  const answer = await go(0);
  assert.deepEqual([answer.by, ids(google).length], ["standby", 1]);
});

run("the token is renewed at half of its life, and nobody waits for that", {}, async ({ home, google, standby, go }) => {
  google.life = 80;
  home.answer = says(530);
  await go(0);
  const old = standby.let[0].headers["x-serverless-authorization"];
  assert.equal((await go(0)).by, "standby");
  assert.equal(standby.let[1].headers["x-serverless-authorization"], old, "a token in its first half is kept");
  await until("it was renewed", async () => (await go(0)).by === "standby" && ids(google).length === 2, 60_000);
  assert.equal(standby.refused, 0);
}, {});

run("a token that the door calls invalid is fetched anew, once", {}, async ({ home, google, standby, go }) => {
  home.answer = says(530);
  assert.equal((await go(0)).by, "standby");
  standby.audience = "unchanged";
  const door = standby.answer;
  let refusals = 0;
  standby.answer = (request, response, entry) => refusals++ === 0
    ? says(401, "", { "www-authenticate": 'Bearer error="invalid_token"' })(request, response) : door(request, response, entry);
  const answer = await go(0, { method: "POST", body: "order" });
  assert.deepEqual([answer.by, ids(google).length, standby.let.at(-1).body.toString()], ["standby", 2, "order"]);
});

for (const [name, status, headers] of [["401", 401, {}], ["401, to bearers", 401, { "www-authenticate": "Bearer" }], ["403", 403, {}]]) {
  run(`a token that isn't good any more is replaced once: ${name}`, {}, async ({ home, google, standby, go }) => {
    home.answer = says(530);
    assert.equal((await go(0)).by, "standby");
    const [door, old] = [standby.answer, standby.let[0].headers["x-serverless-authorization"]];
    standby.answer = (request, response, entry) =>
      entry.headers["x-serverless-authorization"] === old ? says(status, "", headers)(request, response) : door(request, response, entry);
    google.life += 1; // another token
    const answers = await Promise.all(Array.from({ length: 10 }, () => go(0)));
    assert.deepEqual(answers.map(({ status, by }) => [status, by]), Array(10).fill([200, "standby"]));
    assert.equal(ids(google).length, 2);
  });
}

run("a refusal of the application is the application's, and costs one more token at most", {}, async ({ home, google, standby, go }) => {
  home.answer = says(530);
  standby.application = says(401, "", { "www-authenticate": 'Basic realm="site"' });
  const first = await go(0);
  assert.deepEqual([first.status, first.by], [401, "standby"], "also the first one in an isolate");
  standby.application = says(200);
  await go(0);
  for (const challenge of ["", 'Basic realm="site"', "Bearer", 'Bearer error="invalid_token"']) {
    for (const [status, method] of [401, 403, 404, 500].flatMap((status) => [[status, "GET"], [status, "POST"]])) {
      standby.application = says(status, "", { "www-authenticate": challenge });
      const answer = await go(0, { method });
      assert.deepEqual([answer.status, answer.by], [status, "standby"], `${status} ${method} ${challenge}`);
    }
  }
  assert.equal(ids(google).length, 2);
});

run("a token that is doubted is used on where no other can be had", {}, async ({ home, google, standby, go }) => {
  home.answer = says(530);
  await go(0);
  google.answer = hangs;
  standby.application = (request, response) => says(request.url === "/private" ? 403 : 200)(request, response);
  const doubting = go(0, { path: "/private" });
  await until("another token was asked for", () => google.asked.filter(({ url }) => url === "/token").length > 2);
  const others = await Promise.all([go(0), go(0, { method: "POST", body: "order" })]);
  assert.deepEqual(others.map(({ by, ms }) => [by, ms < 3_000]), [["standby", true], ["standby", true]]);
  assert.equal((await doubting).status, 403);
});

const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
const WRONG = [
  ["the key of somebody else", { SIGNING_KEY: other }, /no token: .*answered 400 invalid_grant.*SIGNING_KEY/],
  ["a key that is none", { SIGNING_KEY: "none" }, /no token: .*SIGNING_KEY/],
  ["no key", { SIGNING_KEY: undefined }, /no token: .*SIGNING_KEY/],
  ["another account", { SERVICE_ACCOUNT: "nobody@example" }, /no token: .*SERVICE_ACCOUNT/],
  ["an audience that isn't the service's", { TOKEN_AUDIENCE: "https://other.example" }, /the standby answered 403: grant gate@example\S+ roles\/run.invoker/],
  ["no audience", { TOKEN_AUDIENCE: undefined }, null],
  ["no standby", { STANDBY_URL: undefined }, /STANDBY_URL is missing/],
  ["a standby that is no URL", { STANDBY_URL: "standby" }, /STANDBY_URL is missing or no URL/],
  ["nobody at the standby", { STANDBY_URL: "http://127.0.0.1:9" }, /the standby broke off .*does http:\/\/127.0.0.1:9 run/],
  ["nobody at the token endpoint", { TOKEN_URL: "http://127.0.0.1:9" }, /no token: .*TOKEN_URL/],
  ["a token endpoint that is no URL", { TOKEN_URL: "tokens" }, /no token: .*TOKEN_URL/],
  ["no topic", { REPORT_URL: "http://127.0.0.1:9" }, /the report was not published .*REPORT_URL/],
  ["patience that is no number", { PATIENCE_MS: "soon" }, /PATIENCE_MS is no number: 2000 is taken/],
  ["a size that is no number", { REPLAY_BYTES: "-1" }, /REPLAY_BYTES is no number/],
  ["an unknown mode", { MODE: "gates" }, /MODE is "gates"/],
  ["no site", { SITE: undefined }, null],
];

test("a broken setting never costs a healthy site", { skip: skipped(), timeout: 120_000 }, async (t) => {
  const stage = await scene(start, { PATIENCE_MS: 500 }, { each: WRONG.map(([, bindings]) => bindings) });
  t.after(stage.end);
  for (const [at, [name, , line]] of WRONG.entries()) await t.test(name, async () => {
    const { home, go, log } = stage;
    home.answer = says(200);
    for (const method of ["GET", "POST"]) assert.equal((await go(at, { method })).by, "primary");
    home.answer = says(521);
    const lost = await go(at);
    const statuses = name === "no audience" ? [403] : [200, 503]; // nothing is sent, so it is the service that refuses
    assert.ok(["standby", "edge"].includes(lost.by) && statuses.includes(lost.status), `${lost.by} ${lost.status}`);
    if (lost.by === "edge") {
      const asked = home.asked.length;
      await go(at);
      assert.ok(home.asked.length > asked, "with no standby, home is asked by everybody");
    }
    home.answer = says(200);
    await until("home serves again", async () => (await go(at)).by === "primary");
    if (line) await until(`the log says ${line}: ${log()}`, () => line.test(log()));
    assert.doesNotMatch(log(), /the gate failed|uncaught|PRIVATE KEY/i);
  });
});

run("the first failure is reported beside the answer, once in thirty seconds", {}, async ({ home, alerts, google, go }) => {
  home.answer = says(530);
  const [before] = [Math.floor(Date.now() / 1000)];
  for (let at = 0; at < 20; at++) await go(0);
  await until("it was published", () => alerts.published.length > 0);
  const [{ version, incident, token }] = alerts.published;
  assert.equal(alerts.published.length, 1);
  assert.deepEqual([version, incident.state, incident.policy_user_labels], ["1.2", "open", { failover_site: "resume", failover_watcher: "gate" }]);
  assert.equal(incident.incident_id, `gate-resume-${incident.started_at}`);
  assert.ok(incident.started_at >= before && incident.started_at <= Date.now() / 1000);
  assert.match(incident.metric.type, /^monitoring.googleapis.com\/uptime_check\//);
  assert.match(incident.summary, /home answered 530/);
  assert.match(token, /^Bearer access-/);
  assert.equal(google.given.find((claims) => claims.scope).scope, "https://www.googleapis.com/auth/pubsub");
});

run("a report that finds no taker keeps nobody waiting", {}, async ({ home, alerts, go }) => {
  home.answer = says(530);
  alerts.answer = hangs;
  const answer = await go(0);
  assert.equal(answer.by, "standby");
  await until("it was tried", () => alerts.asked.length === 1);
});

run("an outage that is over is said to be over, not sooner than the next report may go", {}, async ({ home, alerts, go }) => {
  home.answer = says(530);
  await go(0);
  await until("it was published", () => alerts.published.length === 1);
  home.answer = says(200);
  await until("it was closed", async () => (await go(0)) && alerts.published.length === 2, 60_000);
  const [open, closed] = alerts.published.map(({ incident }) => incident);
  assert.deepEqual([closed.state, closed.incident_id], ["closed", open.incident_id]);
});

run("home that is lost anew is reported as another outage", {}, async ({ home, alerts, go }) => {
  home.answer = says(530);
  await go(0);
  await until("it was published", () => alerts.published.length === 1);
  home.answer = says(200);
  await until("home serves again", async () => (await go(0)).by === "primary");
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // ids go by the second
  home.answer = says(530);
  await until("it was reported again", async () => (await go(0)) && alerts.published.length === 2, 60_000);
  const [first, second] = alerts.published.map(({ incident }) => incident);
  assert.deepEqual([second.state, second.incident_id === first.incident_id], ["open", false]);
});
