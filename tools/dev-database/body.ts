import type { IncomingMessage } from "node:http";

/**
 * Reads a request's body as text; `undefined` when it is longer than `limit` bytes. What is too long is read to its end
 * all the same, without keeping it: a client that still sends would not look at the answer.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
      }
    });
    request.on("end", () => resolve(length <= limit ? Buffer.concat(chunks).toString("utf8") : undefined));
    request.on("error", reject);
  });
}
