import { deleteSecret } from "../../../secret/delete.ts";
import { integerField, integersField, stringField } from "../../json-fields.ts";
import type { JsonObject } from "../../json-object.ts";
import { route } from "../route.ts";
import { answerWrite } from "./write-call.ts";

/** `POST /v1/store/secrets?action=delete`: soft-deletes versions. */
export const remove = route({
  writes: true,
  readShape(body: JsonObject) {
    const path = stringField(body, "path");
    const cas = integerField(body, "cas");
    const versions = integersField(body, "versions");
    return path.ok && cas.ok && versions.ok ? { path: path.value, cas: cas.value, numbers: versions.value } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await deleteSecret(call.room, { ...request, numbers }));
  },
});
