// Where Monaco finds its workers: beside this script, on our origin. Without it, it would fall back to the main thread
// and freeze on every key. The names come from bundle.mjs, which has built and hashed the workers first.
const files = WORKER_FILES;

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(files[label] ?? files.editor, import.meta.url), { type: "module" }),
};
