import { encodeUtf8 } from "../../../encoding/utf8.ts";
import { putSecret } from "../../../secret/put.ts";
import { integer } from "../../../json/member.ts";
import { answerWrite } from "./answer-write.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";
import { valuesMember } from "./values-member.ts";

/**
 * libSQL limits a row to 5 000 000 bytes. `SPIKE_MAX_BODY_BYTES` may be higher, because cipher requests are larger and are not
 * stored.
 */
const MAX_VALUE_BYTES = 4 * 1024 * 1024;

/** `POST /v1/store/secrets`: writes a new version. */
export const put = secretOperation({
  action: "secret.put",
  wanted: "write",
  members: { path: pathMember, values: valuesMember, cas: integer({ min: 0 }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin, path }, { values, cas }) {
    if (values.text.length * 3 > MAX_VALUE_BYTES && encodeUtf8(values.text).length > MAX_VALUE_BYTES) {
      return { ok: false, failure: { code: "body_too_large", maxBytes: MAX_VALUE_BYTES } };
    }
    return answerWrite(await putSecret(deps, { ...origin, path, cas, text: values.text }));
  },
});
