import { undeleteSecret } from "../../../secret/undelete.ts";
import { route } from "../route.ts";
import { readVersions } from "./read-versions.ts";
import { answerWrite } from "./write-call.ts";

/** `POST /v1/store/secrets?action=undelete`: restores soft-deleted versions. */
export const undelete = route({
  action: "secret.undelete",
  access: { on: "path", wanted: "write" },
  readShape: readVersions,
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await undeleteSecret(call.deps, { ...request, numbers }));
  },
});
