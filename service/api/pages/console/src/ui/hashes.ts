// Published documents of a certificate, and the hashes by which a file is compared with them.
import { config } from "../api";

/** The SHA-256 hash as the certificate states it, in hexadecimal digits. */
export async function hashOf(bytes: ArrayBuffer): Promise<string> {
  return inHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** The bytes in hexadecimal digits. */
export function inHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const TOKEN = /\/certificates\/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])/;

/** The address of the certificate on this origin, from a link to its page or to one of its files. */
export function certificateIn(link: string): string | undefined {
  const [, token] = TOKEN.exec(link) ?? [];
  return token && `${config.base.replace(/\/console$/, "")}/certificates/${token}`;
}

/** The bytes of a published document; none if it does not exist or is hidden. */
export async function published(path: string): Promise<ArrayBuffer | undefined> {
  const response = await fetch(path);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(response.statusText);
  return response.arrayBuffer();
}
