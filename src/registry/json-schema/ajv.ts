// Ajv, for each draft that it knows. The build keeps it in a file beside the broker, which is read with the first JSON Schema.

export { Ajv } from "ajv";
export { Ajv2019 } from "ajv/dist/2019.js";
export { Ajv2020 } from "ajv/dist/2020.js";
