/**
 * The client's IP address, from the header that Cloudflare's edge sets on every request. Elsewhere a client can send the header
 * itself, so the address is no proof. Undefined for anything but an address: log lines must not contain what a client writes.
 */
export function clientAddress(request: Request): string | undefined {
  const address = request.headers.get("cf-connecting-ip");
  return address !== null && (isIpv4(address) || isIpv6(address)) ? address : undefined;
}

function isIpv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

function isIpv6(text: string): boolean {
  return /^[\da-f:.]{2,45}$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
