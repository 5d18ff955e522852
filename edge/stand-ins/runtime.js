// Cloudflare's own runtime, with gates that know nothing of each other: one isolate, one port each.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

const PACKAGES = { "linux x64": "linux-64", "linux arm64": "linux-arm64", "darwin x64": "darwin-64", "darwin arm64": "darwin-arm64" };

/// Where the binary is, or nothing.
export function workerd() {
  if (process.env.WORKERD) return process.env.WORKERD;
  try {
    const { resolve } = createRequire(import.meta.url);
    const name = PACKAGES[`${process.platform} ${process.arch}`];
    const binary = path.join(path.dirname(resolve(`@cloudflare/workerd-${name}/package.json`)), "bin", "workerd");
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/// What a test says that can't run: it fails where the runtime is required.
export function skipped() {
  if (workerd()) return false;
  if (process.env.FAILOVER_REQUIRE_WORKERD) throw new Error("workerd is required and not installed: npm ci --ignore-scripts");
  return "workerd is not installed here: npm ci --ignore-scripts";
}

const text = (value) => JSON.stringify(String(value));
const binding = ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`;

function configuration(gates, source, keys) {
  const sockets = gates.map((_, at) => `(name = "${at}", address = "127.0.0.1:0", http = (), service = "${at}")`);
  const services = gates.map((_, at) => `(name = "${at}", worker = .gate${at})`);
  const workers = gates.map((bindings, at) => {
    const all = Object.entries(bindings).filter(([name]) => !(keys && name === "SIGNING_KEY")).map(binding);
    if (keys && bindings.SIGNING_KEY) {
      all.push(`(name = "SIGNING_KEY", cryptoKey = (pkcs8 = ${text(bindings.SIGNING_KEY)}, algorithm = (json = ${
        text(JSON.stringify({ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }))}), usages = [sign]))`);
    }
    return `const gate${at} :Workerd.Worker = (modules = [(name = "gate.js", esModule = embed "gate.js")],
      compatibilityDate = "2026-11-01", globalOutbound = "outside", bindings = [${all.join(", ")}]);`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "outside", network = (allow = ["public", "private", "local"])), ${services.join(", ")}],
  sockets = [${sockets.join(", ")}]
);
${workers.join("\n")}`;
}

/// Starts one gate for each of the bindings. `keys`: the signing key is a binding that can't be read out.
export async function start(gates, { keys = false, source = new URL("../gate.js", import.meta.url) } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "gate-"));
  writeFileSync(path.join(folder, "gate.js"), readFileSync(source));
  writeFileSync(path.join(folder, "config.capnp"), configuration(gates, source, keys));
  const child = spawn(workerd(), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder, stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += chunk));
  const ports = await listening(child, gates.length, () => log);
  const stop = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  };
  return { ports, stop, log: () => log };
}

function listening(child, count, log) {
  return new Promise((resolve, reject) => {
    const ports = [];
    let rest = "";
    child.once("exit", () => reject(new Error(`workerd ended: ${log()}`)));
    child.stdio[3].on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      for (const { socket, port } of lines.map((line) => JSON.parse(line))) if (port) ports[socket] = port;
      if (ports.filter(Boolean).length === count) resolve(ports);
    });
  });
}
