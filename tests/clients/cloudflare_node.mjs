// Cloudflare's own Node SDK: whether lists end, and whether what is written is read.

import assert from "node:assert/strict";
import Cloudflare from "cloudflare";

const { CLOUDFLARE, CLOUDFLARE_API_TOKEN: apiToken, ZONE: zone_id, RULE } = process.env;
const api = new Cloudflare({ apiToken, baseURL: CLOUDFLARE, maxRetries: 0 });

const zones = [];
for await (const zone of api.zones.list()) zones.push(zone.id);
assert.deepEqual(zones, [zone_id]);

const names = [];
for await (const record of api.dns.records.list({ zone_id })) names.push(record.name);
assert.ok(names.includes("resume.gleich.tech"));

const rule = await api.pageRules.edit(RULE, { zone_id, status: "active" });
assert.equal(rule.status, "active");
assert.equal((await api.pageRules.get(RULE, { zone_id })).status, "active");

console.log("3 passed, 0 failed");
