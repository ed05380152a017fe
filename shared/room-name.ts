declare const brand: unique symbol;
/** A name that `parseRoomName` let through. */
export type RoomName = string & { readonly [brand]: "RoomName" };

const ROOM_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The room's name, or undefined where it is none. Source: P14. */
export function parseRoomName(text: string): RoomName | undefined {
  return ROOM_NAME.test(text) ? (text as RoomName) : undefined;
}
