import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import { MAX_INPUT_OCTETS } from "../shared/limits.ts";
import { Hub } from "./chat/hub.ts";
import type { HubLimits } from "./chat/hub-context.ts";
import { type Clock, systemClock } from "./clock.ts";
import { brokenRequest, registerFaults, unreadableAddress } from "./doors/faults.ts";
import { registerHealth } from "./doors/health.ts";
import { registerHistory } from "./doors/history.ts";
import { LongPollDoor } from "./doors/long-poll.ts";
import { registerPage } from "./doors/page.ts";
import { limitPipelines } from "./doors/pipeline.ts";
import { TcpDoor } from "./doors/tcp.ts";
import { ignoreOtherUpgrades } from "./doors/upgrade.ts";
import { WebSocketDoor } from "./doors/websocket.ts";
import { drain } from "./drain.ts";
import type { Engine } from "./engine/engine.ts";
import type { Logger } from "./log.ts";
import type { Settings } from "./settings.ts";

/** Where the build puts the page, seen from this file's own place in it. */
const BUILT_PAGE = fileURLToPath(new URL("../web", import.meta.url));
/** A request that is not here, whole, by then is given up: `timeout`. */
const REQUEST_WITHIN_MS = 10_000;
/** Connections that wait to be accepted: after a restart thousands come back at once. */
const BACKLOG = 4096;
/** Longer than the idle limits of common proxies, which should be the ones to close. */
const KEEP_ALIVE_MS = 75_000;

/** A running Palabre. */
export type Palabre = {
  /** Where it listens. */
  readonly url: string;
  readonly port: number;
  /** Where raw TCP is spoken; undefined where it is not. */
  readonly tcpPort: number | undefined;
  readonly hub: Hub;
  /** Stops in good order: protocol, section 8. A second call waits for the first. */
  stop(): Promise<void>;
};

export type Parts = {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly log: Logger;
  readonly clock?: Clock;
  /** The folder of the built page; `null` serves none. */
  readonly page?: string | null;
};

/** Builds the house, opens its doors, and listens. Rejects with the system's reason where it cannot. */
export async function startPalabre({ settings, engine, log, clock = systemClock, page = BUILT_PAGE }: Parts): Promise<Palabre> {
  const hub = new Hub({ engine, clock, log, limits: limitsOf(settings) });
  const origins = new Set(settings.ALLOWED_ORIGINS ?? []);
  const app = createHttp(settings, log);
  const webSockets = new WebSocketDoor(hub, origins, log);
  const polls = new LongPollDoor(hub, origins);
  const tcp = settings.TCP_PORT === undefined ? undefined : new TcpDoor(hub, log);
  registerFaults(app);
  limitPipelines(app.server);
  await webSockets.register(app);
  ignoreOtherUpgrades(app.server);
  polls.register(app);
  registerHistory(app, hub, origins);
  registerHealth(app, hub);
  if (page !== null) await registerPage(app, page);
  await hub.start();
  await app.listen({
    host: settings.HOST,
    port: settings.PORT,
    backlog: BACKLOG,
    listenTextResolver: (address) => `listening on ${address}`,
  });
  const { port } = app.addresses()[0] as { port: number };
  const tcpPort = await tcp?.listen(settings.HOST, settings.TCP_PORT as number).catch(async (cause: unknown) => {
    await app.close();
    throw cause;
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${settings.HOST.includes(":") ? `[${settings.HOST}]` : settings.HOST}:${port}`,
    port,
    tcpPort,
    hub,
    stop() {
      stopped ??= drain({ hub, app, webSockets, tcp, engine, drainMs: settings.DRAIN_MS });
      return stopped;
    },
  };
}

function createHttp(settings: Settings, log: Logger): FastifyInstance {
  return Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request would cost more than the request.
    childLoggerFactory: (logger) => logger,
    bodyLimit: MAX_INPUT_OCTETS,
    requestTimeout: REQUEST_WITHIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: { connectionsCheckingInterval: 1000, headersTimeout: REQUEST_WITHIN_MS },
    forceCloseConnections: "idle",
    // Its short cut would answer an upgrade past the hooks that hang up, and the stop would wait for that peer for ever.
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => brokenRequest(error, socket as Socket, log),
    frameworkErrors: unreadableAddress,
    ...(settings.TRUST_PROXY === undefined ? {} : { trustProxy: settings.TRUST_PROXY }),
  }) as unknown as FastifyInstance;
}

function limitsOf(settings: Settings): HubLimits {
  return {
    maxClients: settings.MAX_CLIENTS,
    maxClientsPerAddress: settings.MAX_CLIENTS_PER_ADDRESS,
    joinsPerMinute: settings.JOINS_PER_MINUTE,
    heartbeatMs: settings.HEARTBEAT_MS,
    graceMs: settings.GRACE_MS,
    rate: { burst: settings.RATE_BURST, perSecond: settings.RATE_PER_SECOND },
    noticeLimit: settings.NOTICE_LIMIT,
    ...(settings.ROOMS === undefined ? {} : { rooms: settings.ROOMS }),
  };
}
