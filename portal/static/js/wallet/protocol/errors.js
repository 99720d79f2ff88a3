/**
 * One family of errors. `code` is stable: it picks the sentence a person reads (portal/wallet/words.py)
 * and is the only thing that reaches the browser's log. `detail` says what was found, never a claim's value.
 */
export class WalletError extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "WalletError";
    this.code = code;
    this.detail = detail;
  }
}

/** Refuse unless the fact holds. */
export function must(fact, code, detail = "") {
  if (!fact) throw new WalletError(code, detail);
}
