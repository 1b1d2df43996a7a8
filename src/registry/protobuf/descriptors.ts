// Protobuf's own messages for descriptors, from its library. The build keeps them in a file beside the broker, which is read when a descriptor
// comes or is asked for.

export { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
export {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
} from "@bufbuild/protobuf/wkt";
