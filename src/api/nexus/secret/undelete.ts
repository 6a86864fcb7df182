import { undeleteSecret } from "../../../secret/undelete.ts";
import { integerField, integersField, stringField } from "../../json-fields.ts";
import type { JsonObject } from "../../json-object.ts";
import { route } from "../route.ts";
import { answerWrite } from "./write-call.ts";

/** `POST /v1/store/secrets?action=undelete`: restores soft-deleted versions. */
export const undelete = route({
  writes: true,
  readShape(body: JsonObject) {
    const path = stringField(body, "path");
    const cas = integerField(body, "cas");
    const versions = integersField(body, "versions");
    return path.ok && cas.ok && versions.ok ? { path: path.value, cas: cas.value, numbers: versions.value } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await undeleteSecret(call.room, { ...request, numbers }));
  },
});
