// What may be done twice: every code, method and kind of loss, with and without a body, as one table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cuts, hangs, hangsAfterTheBody, resets, says, scene } from "../stand-ins/places.js";
import { skipped, start } from "../stand-ins/runtime.js";

const NEVER_REACHED = [521, 523, 525, 526, 530];
const PERHAPS_DONE = [502, 504, 520, 522, 524];
const OWN_ANSWERS = [200, 204, 301, 404, 429, 500, 501, 503, 505, 527];
const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "PURGE"];
const HARMLESS = ["GET", "HEAD", "OPTIONS"];
const LOST = { resets, cuts, hangs, hangsAfterTheBody };

/// Who answers `method` when home is lost in this way.
function expected(loss, method) {
  if (OWN_ANSWERS.includes(loss)) return "primary";
  if (NEVER_REACHED.includes(loss) || HARMLESS.includes(method)) return "standby";
  return "edge"; // also a refused connection: the runtime can't tell it from a reset, Cloudflare says 521
}

const rows = [...NEVER_REACHED, ...PERHAPS_DONE, ...OWN_ANSWERS, "refuses", ...Object.keys(LOST)].flatMap((loss) =>
  METHODS.flatMap((method) => [null, "an order"].map((body) => ({ loss, method, body }))))
  .filter(({ method, body }) => !(body && (method === "GET" || method === "HEAD")));

test("nothing is done twice, and what may be is not lost", { skip: skipped(), timeout: 300_000 }, async (t) => {
  const stage = await scene(start, { PATIENCE_MS: 150 }, { count: rows.length });
  t.after(stage.end);
  for (const [at, row] of rows.entries()) await t.test(`${row.loss} ${row.method} ${row.body ?? "no body"}`, () => play(stage, at, row));
});

async function play({ home, standby, go }, at, { loss, method, body }) {
  home.asked.length = standby.let.length = 0;
  if (loss === "refuses") await home.refuse();
  else await home.listen();
  home.answer = typeof loss === "number" ? says(loss, loss === 204 ? undefined : "home") : (LOST[loss] ?? says(200));
  const answer = await go(at, { method, body, path: `/orders?row=${at}` });
  const by = expected(loss, method);
  assert.equal(answer.by, by);
  const here = home.asked.filter((one) => one.method === method && one.url.startsWith("/orders")).length;
  const there = standby.let.filter((one) => one.method === method).length;
  assert.ok(here <= 1 && there === (by === "standby" ? 1 : 0), `home ${here}, standby ${there}`);
  if (by === "primary") assert.equal(answer.status, loss);
  if (by === "standby") assert.deepEqual([answer.status, standby.let[0].body.toString()], [200, body ?? ""]);
  if (by === "edge") assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "10"]);
}
