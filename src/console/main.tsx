// Where the console begins.

import { render } from "preact";

const place = document.getElementById("console");
if (place !== null) render(<p>Hello</p>, place);
