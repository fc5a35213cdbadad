// Verifies a webhook with the vendor's own library: node verify.mjs SECRET HEADERS_AS_JSON BODY
import { Webhook } from "standardwebhooks";

const [secret, headers, body] = process.argv.slice(2);
const event = new Webhook(secret).verify(body, JSON.parse(headers));
console.log(event.type);
