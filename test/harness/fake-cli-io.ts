import type { CliIo } from "../../src/cli/cli-io.ts";

/**
 * What a command uses, without a network and a terminal.
 *
 * @param say gets everything that is printed and logged
 * @param options `tokenFile`: the caller's token; `confirm`: answers questions; without it there is no terminal
 */
export function fakeCliIo(
  say: (text: string) => void,
  options: {
    readonly tokenFile: string;
    readonly fetch: CliIo["fetch"];
    readonly confirm?: ((question: string) => boolean) | undefined;
  },
): CliIo {
  const { tokenFile, fetch, confirm } = options;
  const nothing = async (): Promise<undefined> => await Promise.resolve(undefined);
  return {
    env: { SPIKE_TOKEN_FILE: tokenFile },
    fetch,
    print: say,
    log: say,
    sleep: nothing,
    readStdin: nothing,
    terminal: confirm && {
      promptHidden: nothing,
      promptText: nothing,
      confirm: async (question) => await Promise.resolve(confirm(question)),
    },
    run: async () => await Promise.resolve(0),
    startProgress: () => ({ advance: () => undefined, end: () => undefined, fail: () => undefined }),
  };
}
