/** A binary WebSocket message in one frame, as servers send it: whole and unmasked. Source: RFC 6455, section 5.2. */
export function frameBinary(octets: Uint8Array): Buffer {
  const { length } = octets;
  const headerOctets = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerOctets + length);
  frame[0] = 0x82; // final frame, binary
  if (headerOctets === 2) frame[1] = length;
  else if (headerOctets === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(octets, headerOctets);
  return frame;
}
