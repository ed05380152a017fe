import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { encodeChat, encodeService } from "../shared/packet.ts";
import { newDataDir, type Running, runCommand, runServer } from "./testing/command.ts";

async function server(environment: Record<string, string> = {}): Promise<Running> {
  const running = await runServer({ DATA_DIR: newDataDir(), ...environment });
  onTestFinished(() => running.kill("SIGKILL"));
  return running;
}

function secret(number: number): string {
  return `${number}`.padStart(22, "s");
}

describe("the command", () => {
  it("names every wrong setting at once, with what it takes, and exits with 78", async () => {
    const { status, stdout, stderr } = await runCommand(["start", "--port", "many"], { MAX_CLIENTS: "none", DATA_DIR: newDataDir() });
    expect(status).toBe(78);
    expect(stdout).toBe("");
    expect(stderr).toContain('PORT is "many", but takes a whole number from 0 to 65535.');
    expect(stderr).toContain('MAX_CLIENTS is "none", but takes a whole number from 1');
  });

  it("names what there is where the command is unknown", async () => {
    expect(await runCommand(["strat"])).toMatchObject({
      status: 78,
      stderr: 'There is no command "strat". There are: start, stop, migrate.\n',
    });
  });

  it("explains itself", async () => {
    const { status, stdout } = await runCommand(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain("--max-clients");
  });

  it("says in one line that the port is in use, and what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { status, stderr } = await runCommand(["start"], { PORT: String(port), DATA_DIR: newDataDir() });
    expect(status).toBe(1);
    expect(stderr).toBe(
      `Palabre did not start: Port ${port} on 127.0.0.1 is in use. Stop what listens there, or choose another port with PORT.\n`,
    );
  });

  it("says in one line that the address is not this machine's", async () => {
    const { status, stderr } = await runCommand(["start"], { HOST: "192.0.2.1", PORT: "0", DATA_DIR: newDataDir() });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Palabre did not start: 192\.0\.2\.1 is no address of this machine\..*\n$/);
  });

  it("says in one line that the data directory can't be used", async () => {
    const file = join(newDataDir(), "file");
    writeFileSync(file, "");
    const { status, stderr } = await runCommand(["start"], { PORT: "0", DATA_DIR: join(file, "data") });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Palabre did not start: The data directory .* cannot be used: .*\n$/);
  });

  it("says in one line that the log file can't be written to", async () => {
    const { status, stderr } = await runCommand(["start"], { PORT: "0", DATA_DIR: newDataDir(), LOG_FILE: "/nowhere/at/all.log" });
    expect(status).toBe(1);
    expect(stderr).toBe(
      "Palabre did not start: The log file /nowhere/at/all.log can't be written to (ENOENT). Set LOG_FILE to one that can.\n",
    );
  });

  it("goes on talking where its log can't be written to any more", async () => {
    const { url } = await server({ LOG_FILE: "/dev/full" });
    for (let number = 1; number <= 3; number++) {
      const hello = encodeService({ type: "hello", session: secret(number), nick: `n${number}` });
      expect((await fetch(`${url}/poll`, { method: "POST", body: hello })).status).toBe(200);
    }
  });

  it("refuses a second server on the same data directory, with a sentence", async () => {
    const dataDir = newDataDir();
    const first = await server({ DATA_DIR: dataDir });
    const { status, stderr } = await runCommand(["start"], { PORT: "0", DATA_DIR: dataDir });
    expect(status).toBe(1);
    expect(stderr).toBe(
      `Palabre did not start: The data directory ${dataDir} is in use by another Palabre (process ${first.pid}). Stop it first, or give this one its own DATA_DIR.\n`,
    );
  });

  it("writes its log to LOG_FILE, without secrets and without what was said", async () => {
    const dataDir = newDataDir();
    const logFile = join(dataDir, "palabre.log");
    const { url, kill, ended } = await server({ DATA_DIR: dataDir, LOG_FILE: logFile });
    const headers = { Authorization: `Bearer ${secret(1)}` };
    await fetch(`${url}/poll`, { method: "POST", body: encodeService({ type: "hello", session: secret(1), nick: "alice" }) });
    await fetch(`${url}/poll?seq=1&turn=1`, { method: "POST", headers, body: encodeChat("alice", "between us") });
    await fetch(`${url}/poll`, { method: "POST", headers, body: encodeService({ type: "leave" }) });
    kill("SIGTERM");
    await ended;
    const text = readFileSync(logFile, "utf8");
    const messages = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).msg);
    expect(messages).toEqual(expect.arrayContaining(["came in", "left", "stopping", "stopped in good order"]));
    expect(text).not.toContain(secret(1));
    expect(text).not.toContain("between us");
  });
});

describe("palabre stop", () => {
  it("stops the server of this data directory in good order, waits, and says so", async () => {
    const dataDir = newDataDir();
    const running = await server({ DATA_DIR: dataDir });
    const { status, stdout } = await runCommand(["stop"], { DATA_DIR: dataDir });
    expect(stdout).toBe(`Palabre at ${running.url} (process ${running.pid}) has stopped.\n`);
    expect(status).toBe(0);
    expect(await running.ended).toBe(0);
  });

  it("says so where none is running: never started, or killed", async () => {
    const dataDir = newDataDir();
    const none = { status: 0, stdout: `No Palabre is running on the data directory ${dataDir}.\n` };
    expect(await runCommand(["stop"], { DATA_DIR: dataDir })).toMatchObject(none);
    const running = await server({ DATA_DIR: dataDir });
    running.kill("SIGKILL");
    await running.ended;
    expect(await runCommand(["stop"], { DATA_DIR: dataDir })).toMatchObject(none);
  });

  it("keeps its data directory to its owner", async () => {
    const dataDir = join(newDataDir(), "data");
    await server({ DATA_DIR: dataDir });
    expect(statSync(dataDir).mode & 0o077).toBe(0);
  });
});

describe("a stop under load", () => {
  it("[D1] [D3] [D5] tells 200 sockets and 200 parked polls, is gone within the drain time and a second, and starts again at once on the same port", async () => {
    const dataDir = newDataDir();
    const { url, port, ended, kill } = await server({ DATA_DIR: dataDir });
    const sockets = await Promise.all(Array.from({ length: 200 }, (_, number) => openSocket(url, number)));
    const polls = await Promise.all(Array.from({ length: 200 }, (_, number) => parkPoll(url, 1000 + number)));
    // One that never reads and never answers the close frame must not hold the stop.
    (await openSocket(url, 5000)).socket.pause();
    const startedMs = performance.now();
    kill("SIGTERM");
    const closed = await Promise.all(sockets.map(({ closed }) => closed));
    const answers = await Promise.all(polls.map(({ answer }) => answer));
    expect(await ended).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(4000 + 1000); // the drain time and a second; and a second for a busy machine
    expect(closed.filter(({ code, told }) => code === 1012 && told)).toHaveLength(200);
    expect(answers.filter(({ status, body }) => status === 200 && body.includes('"type":"stopping"'))).toHaveLength(200);
    const again = await server({ DATA_DIR: dataDir, PORT: String(port) });
    expect(again.port).toBe(port);
    const resumed = await openSocket(again.url, 0);
    expect(resumed.welcome).toContain('"resumed":true');
    resumed.socket.close();
  });
});

async function openSocket(url: string, number: number) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  let told = false;
  const closed = new Promise<{ code: number; told: boolean }>((resolve) => socket.on("close", (code) => resolve({ code, told })));
  const welcome = new Promise<string>((resolve) => {
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      if (text.includes('"type":"stopping"')) told = true;
      resolve(text);
    });
  });
  await once(socket, "open");
  socket.send(encodeService({ type: "hello", session: secret(number), nick: `n${number}`, history: 0 }));
  return { socket, closed, welcome: await welcome };
}

async function parkPoll(url: string, number: number) {
  const hello = await fetch(`${url}/poll`, {
    method: "POST",
    body: encodeService({ type: "hello", session: secret(number), nick: `n${number}`, history: 0 }),
  });
  const headers = { Authorization: `Bearer ${secret(number)}` };
  let after = hello.headers.get("palabre-offset");
  // Others are still coming in: what there is to hear is heard until a poll stays parked.
  const answer = (async () => {
    for (;;) {
      const poll = await fetch(`${url}/poll?after=${after}&turn=1`, { headers });
      const body = await poll.text();
      if (poll.status !== 200 || body.includes('"type":"stopping"')) return { status: poll.status, body };
      after = poll.headers.get("palabre-offset");
    }
  })();
  return { answer };
}
