import { randomBytes } from "node:crypto";
import { isRoomPacket } from "../../shared/packet-kind.ts";
