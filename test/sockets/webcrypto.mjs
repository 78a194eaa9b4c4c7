// Node 18 has WebCrypto, but not as browsers have it; imported before whatever counts on it.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
