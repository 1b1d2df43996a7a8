// Loaded into a broker's process before the broker: every flush to the disk takes as long as on one that is at its end.

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const FLUSH_MS = 250;

const fdatasync = fs.fdatasync;
const slow = (fd: number, done: fs.NoParamCallback) => void setTimeout(() => fdatasync(fd, done), FLUSH_MS);
Object.assign(fs, { fdatasync: slow });
syncBuiltinESMExports();
