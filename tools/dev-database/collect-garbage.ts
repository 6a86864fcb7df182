import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Returns V8's garbage collection, which is there only for those who ask for it. */
export function garbageCollection(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  return () => {
    if (typeof collect === "function") {
      collect();
    }
  };
}
