export default { root: "/tmp/wt/pg", test: { include: ["test/interop/**/*.interop.ts"], fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 } };
