import { deleteSecret } from "../../../secret/delete.ts";
import { route } from "../route.ts";
import { readVersions } from "./read-versions.ts";
import { answerWrite } from "./write-call.ts";

/** `POST /v1/store/secrets?action=delete`: soft-deletes versions. */
export const remove = route({
  action: "secret.delete",
  access: { on: "path", wanted: "write" },
  readShape: readVersions,
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await deleteSecret(call.deps, { ...request, numbers }));
  },
});
