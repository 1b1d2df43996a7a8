// Where the console begins.

import { render } from "preact";
import { applyLook, keptLook } from "./shell/look.ts";
import { Shell } from "./shell/shell.tsx";

applyLook(keptLook());
const place = document.getElementById("console");
if (place !== null) render(<Shell />, place);
