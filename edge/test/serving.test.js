// What a visitor gets, and what the site and the standby get of a visitor.
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { hangs, resets, says, scene, until } from "../stand-ins/places.js";
import { skipped, start } from "../stand-ins/runtime.js";

const run = (name, bindings, story, options) =>
  test(name, { skip: skipped(), timeout: 120_000 }, async (t) => {
    const stage = await scene(start, bindings, options);
    t.after(stage.end);
    await story(stage, t);
  });

run("a healthy site is answered by home, as home answers", {}, async ({ home, standby, go }) => {
  home.answer = says(201, gzipSync("packed"), { "content-encoding": "gzip", "set-cookie": ["a=1; Domain=home", "b=2"], location: "http://elsewhere/" });
  const answer = await go(0, { method: "POST", path: "//a%20b/?q=%2F", body: "order", headers: { authorization: "Basic a", "failover-probe": "n1" } });
  assert.deepEqual([answer.status, answer.by, answer.headers["failover-probe"]], [201, "primary", "n1"]);
  assert.deepEqual(answer.headers["set-cookie"], ["a=1; Domain=home", "b=2"]);
  assert.match(answer.headers["server-timing"], /^primary;dur=/);
  const [asked] = home.asked;
  assert.deepEqual([asked.url, asked.body.toString(), asked.headers["content-length"]], ["//a%20b/?q=%2F", "order", "5"]);
  assert.deepEqual([asked.headers.authorization, asked.headers["failover-probe"]], ["Basic a", undefined]);
  assert.equal(standby.asked.length, 0);
});

run("home's redirects and packed pages arrive as they were sent", {}, async ({ home, go }) => {
  home.answer = says(200, gzipSync("packed"), { "content-encoding": "gzip" });
  const packed = await go(0, { headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([packed.headers["content-encoding"], gunzipSync(packed.bytes).toString()], ["gzip", "packed"]);
  for (const status of [301, 302, 303, 307, 308]) {
    home.answer = says(status, "", { location: "/next" });
    const answer = await go(0, { method: status === 303 ? "POST" : "GET" });
    assert.deepEqual([answer.status, answer.headers.location, answer.by], [status, "/next", "primary"]);
  }
});

run("a page of maintenance is the script of an outage without a standby", { MODE: "standby", STANDBY_URL: undefined, LAST_RESORT: "Back at noon." }, async ({ home, go }) => {
  for (const method of ["GET", "POST"]) {
    const answer = await go(0, { method });
    assert.deepEqual([answer.status, answer.by, answer.headers["retry-after"], home.asked.length], [503, "edge", "10", 0]);
    assert.match(answer.body, /Back at noon\./);
  }
});

run("what a site says of itself in our headers is not believed", {}, async ({ home, go }) => {
  home.answer = says(200, "", { "failover-served-by": "standby", "failover-probe": "old" });
  const answer = await go(0);
  assert.deepEqual([answer.by, answer.headers["failover-probe"]], ["primary", undefined]);
});

run("the closed standby is asked with a token, and told who the visitor is", {}, async ({ home, standby, go, ports }) => {
  home.answer = says(521);
  const place = `http://127.0.0.1:${standby.port}`;
  standby.application = says(302, "", { location: `${place}/next?a=1`, "set-cookie": ["s=1; Domain=127.0.0.1; Path=/", "t=2; Path=/"] });
  const answer = await go(0, {
    method: "POST", path: "/login?x=1", body: "order",
    headers: { authorization: "Basic a", "x-serverless-authorization": "Bearer stranger", "cf-connecting-ip": "203.0.113.9", "failover-served-by": "me", cookie: "s=0" },
  });
  assert.deepEqual([answer.status, answer.by], [302, "standby"]);
  assert.equal(answer.headers.location, `http://localhost:${home.port}/next?a=1`);
  assert.deepEqual(answer.headers["set-cookie"], ["s=1; Domain=localhost; Path=/", "t=2; Path=/"]);
  const [{ url, body, headers }] = standby.let;
  assert.deepEqual([url, body.toString(), headers.authorization, headers.cookie], ["/login?x=1", "order", "Basic a", "s=0"]);
  assert.deepEqual([headers["x-forwarded-host"], headers["x-forwarded-proto"], headers["x-forwarded-for"]], [`localhost:${home.port}`, "http", "203.0.113.9"]);
  assert.deepEqual([headers.host, headers["failover-served-by"], headers["failover-probe"]], [`127.0.0.1:${standby.port}`, undefined, undefined]);
  assert.equal(home.asked[0].headers["x-serverless-authorization"], undefined);
  assert.ok(ports[0]);
});

run("redirects that stay relative, or lead elsewhere, stay as they are", {}, async ({ home, standby, go }) => {
  home.answer = says(530);
  for (const location of ["/next", "next", "https://elsewhere.example/x", "//elsewhere.example/"]) {
    standby.application = says(302, "", { location });
    assert.equal((await go(0)).headers.location, location);
  }
});

run("home that gives no answer costs one visitor the patience, and the others nothing", { PATIENCE_MS: 400 }, async ({ home, standby, go }) => {
  await go(0);
  home.answer = hangs;
  const first = await go(0);
  assert.equal(first.by, "standby");
  assert.ok(first.ms >= 390, `${first.ms}`);
  const asked = home.asked.length;
  for (let at = 0; at < 20; at++) assert.equal((await go(0, { method: at % 2 ? "GET" : "POST" })).by, "standby");
  assert.ok(home.asked.length <= asked + 3, "home is left alone for some seconds");
  assert.ok(standby.let.length >= 21);
});

run("home that answers late, but first, wins", { PATIENCE_MS: 100 }, async ({ home, standby, go }) => {
  home.answer = (request, response) => setTimeout(() => says(200, "late")(request, response), 500);
  standby.application = (request, response) => setTimeout(() => says(200)(request, response), 5_000);
  const answer = await go(0);
  assert.deepEqual([answer.by, answer.body], ["primary", "late"]);
});

run("a slow order to a home that lives is waited for", { PATIENCE_MS: 100 }, async ({ home, standby, go }) => {
  home.answer = (request, response, { method }) => setTimeout(() => says(200, "done")(request, response), method === "POST" ? 1_500 : 0);
  assert.deepEqual([(await go(0, { method: "POST", body: "order" })).body, standby.asked.length], ["done", 0]);
});

run("home that comes back is found again by one request", {}, async ({ home, go }) => {
  home.answer = says(530);
  assert.equal((await go(0)).by, "standby");
  home.answer = says(200);
  await until("home answers again", async () => (await go(0)).by === "primary");
  assert.equal((await go(0, { method: "POST" })).by, "primary");
});

run("a site of orders alone finds home again too", {}, async ({ home, go }) => {
  home.answer = says(530);
  const order = { method: "POST", body: "order" };
  assert.equal((await go(0, order)).by, "standby");
  home.answer = says(200);
  await until("home answers again", async () => (await go(0, order)).by === "primary");
});

run("one bad page of a home that answers others keeps nobody away from home", {}, async ({ home, go }) => {
  home.answer = (request, response) => setTimeout(() => says(request.url === "/bad" ? 502 : 200)(request, response), request.url === "/bad" ? 300 : 0);
  const bad = go(0, { path: "/bad" });
  await until("it waits", () => home.asked.length === 1);
  await go(0);
  assert.equal((await bad).by, "standby");
  assert.equal((await go(0)).by, "primary");
});

run("a body larger than the limit goes to home, and is not tried twice", { REPLAY_BYTES: 1000 }, async ({ home, standby, go }) => {
  const large = "x".repeat(300_000);
  for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
    assert.equal((await go(0, { method: "POST", body: large, headers })).by, "primary");
    assert.equal(home.asked.at(-1).body.length, large.length);
  }
  for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
    home.answer = says(200);
    await until("home answers", async () => (await go(0)).by === "primary");
    home.answer = says(521);
    standby.let.length = 0;
    const answer = await go(0, { method: "POST", body: large, headers });
    assert.deepEqual([answer.status, answer.by, standby.let.length], [503, "edge", 0]);
  }
});

run("a small body of unknown length is kept as well", {}, async ({ home, standby, go }) => {
  home.answer = says(521);
  assert.equal((await go(0, { method: "POST", body: "order", headers: { "transfer-encoding": "chunked" } })).by, "standby");
  assert.equal(standby.let[0].body.toString(), "order");
});

run("upload and download are streamed, from either place", {}, async ({ home, standby, ports }) => {
  for (const lost of [false, true]) {
    home.answer = says(530);
    if (lost) await new Promise((resolve) => http.get({ port: ports[0], headers: { host: `localhost:${home.port}` } }, (answer) => answer.resume().on("end", resolve)));
    await echo(lost ? standby : home, ports[0], home.port, lost);
  }
});

// Each chunk comes back before the next one is sent: nobody on the way may wait for the end.
async function echo(place, port, host, lost) {
  const talk = (request, response) => { response.writeHead(200); request.on("data", (chunk) => response.write(chunk)).on("end", () => response.end()); };
  const old = place.server.listeners("request");
  place.server.removeAllListeners("request").on("request", talk);
  const request = http.request({ port, method: "POST", headers: { host: `localhost:${host}`, "transfer-encoding": "chunked" } });
  request.flushHeaders();
  request.write("0");
  const response = await new Promise((resolve, reject) => request.on("response", resolve).on("error", reject));
  assert.equal(response.headers["failover-served-by"], lost ? "standby" : "primary");
  const read = response[Symbol.asyncIterator]();
  for (let at = 0; at < 5; at++) {
    assert.equal((await read.next()).value.toString(), `${at}`);
    if (at < 4) request.write(`${at + 1}`);
  }
  request.end();
  assert.equal((await read.next()).done, true);
  place.server.removeAllListeners("request");
  for (const listener of old) place.server.on("request", listener);
}

run("sockets go both ways, to either place, and end when home does", {}, async ({ home, standby, ports }) => {
  for (const place of [home, standby]) place.server.on("upgrade", (request, socket) => {
    const key = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const token = request.headers["x-serverless-authorization"];
    if (place === standby && !token) return socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${key}\r\n\r\n`);
    socket.on("error", () => {}).on("data", (frame) => socket.write(unmasked(frame)));
  });
  const first = await dial(ports[0], home.port);
  assert.deepEqual([first.by, await first.say("hi")], ["primary", "hi"]);
  await home.refuse();
  await first.closed;
  const second = await dial(ports[0], home.port);
  assert.deepEqual([second.by, await second.say("still here")], ["standby", "still here"]);
  second.socket.destroy();
});

function unmasked(frame) {
  const length = frame[1] & 127;
  const data = frame.subarray(6, 6 + length).map((byte, at) => byte ^ frame[2 + (at % 4)]);
  return Buffer.concat([Buffer.from([frame[0], length]), data]);
}

function dial(port, host) {
  return new Promise((resolve, reject) => {
    const headers = { host: `localhost:${host}`, connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" };
    http.request({ port, headers }).on("error", reject).on("response", (answer) => reject(new Error(`answered ${answer.statusCode}`)))
      .on("upgrade", (answer, socket) => {
        const say = (words) => new Promise((heard) => {
          socket.once("data", (frame) => heard(frame.subarray(2).toString()));
          socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | words.length, 0, 0, 0, 0]), Buffer.from(words)]));
        });
        resolve({ socket, say, by: answer.headers["failover-served-by"], closed: new Promise((closed) => socket.on("close", closed)) });
      }).end();
  });
}

run("the script of an outage asks the standby alone", { MODE: "standby" }, async ({ home, standby, go }) => {
  for (const method of ["GET", "POST"]) assert.equal((await go(0, { method, body: method === "POST" ? "order" : null })).by, "standby");
  await standby.refuse();
  const answer = await go(0);
  assert.deepEqual([answer.status, answer.by, home.asked.length], [503, "edge", 0]);
});

run("a standby that may only be read gets no order, and the visitor hears why", { READ_ONLY: "true" }, async ({ home, standby, go }) => {
  home.answer = says(521);
  assert.equal((await go(0)).by, "standby");
  const answer = await go(0, { method: "POST", body: "order" });
  assert.deepEqual([answer.status, answer.by, standby.let.length], [503, "edge", 1]);
  assert.match(answer.body, /read-only/);
});

run("where neither place answers, a page of our own does", { LAST_RESORT: "Moved <b>& shaken" }, async ({ home, standby, go }) => {
  await Promise.all([home.refuse(), standby.refuse()]);
  for (const method of ["GET", "HEAD", "POST"]) {
    const answer = await go(0, { method, headers: { "failover-probe": "n2" } });
    assert.deepEqual([answer.status, answer.by, answer.headers["retry-after"], answer.headers["failover-probe"]], [503, "edge", "10", "n2"]);
    if (method === "GET") assert.match(answer.body, /Moved &#60;b>&#38; shaken/);
    assert.doesNotMatch(answer.body, /src=|href=/);
  }
});

run("a gate that leads to a gate ends the circle", {}, async ({ home, ports, go }) => {
  home.answer = resets;
  assert.equal((await go(0)).status, 503);
  assert.equal((await go(0, { headers: { "failover-hop": "resume" } })).status, 508);
  assert.equal((await go(0, { headers: { "failover-hop": "another" } })).status, 503);
  assert.ok(ports[0]);
}, { each: [{ STANDBY_URL: "http://localhost:9/" }] });
