// Files that may be imported without a reference: those that come with Protobuf, Google's common types, and two of Confluent's. Of each only the names are
// needed, since their types are never compared.

interface WellKnownFile {
  readonly package: string;
  readonly messages: readonly string[];
  readonly enums: readonly string[];
}

const WRAPPERS = [
  "DoubleValue",
  "FloatValue",
  "Int64Value",
  "UInt64Value",
  "Int32Value",
  "UInt32Value",
  "BoolValue",
  "StringValue",
  "BytesValue",
];
const OF_DESCRIPTORS = [
  ...["FileDescriptorSet", "FileDescriptorProto", "DescriptorProto", "DescriptorProto.ExtensionRange", "DescriptorProto.ReservedRange"],
  ...["ExtensionRangeOptions", "ExtensionRangeOptions.Declaration", "FieldDescriptorProto", "OneofDescriptorProto", "EnumDescriptorProto"],
  ...[
    "EnumDescriptorProto.EnumReservedRange",
    "EnumValueDescriptorProto",
    "ServiceDescriptorProto",
    "MethodDescriptorProto",
    "FileOptions",
  ],
  ...["MessageOptions", "FieldOptions", "FieldOptions.EditionDefault", "FieldOptions.FeatureSupport", "OneofOptions", "EnumOptions"],
  ...["EnumValueOptions", "ServiceOptions", "MethodOptions", "UninterpretedOption", "UninterpretedOption.NamePart", "FeatureSet"],
  ...["FeatureSetDefaults", "SourceCodeInfo", "SourceCodeInfo.Location", "GeneratedCodeInfo", "GeneratedCodeInfo.Annotation"],
];
const ENUMS_OF_DESCRIPTORS = [
  ...["Edition", "FieldDescriptorProto.Type", "FieldDescriptorProto.Label", "FileOptions.OptimizeMode", "FieldOptions.CType"],
  ...["FieldOptions.JSType", "FieldOptions.OptionRetention", "FieldOptions.OptionTargetType", "MethodOptions.IdempotencyLevel"],
];

function file(from: string, messages: readonly string[], enums: readonly string[] = []): WellKnownFile {
  return { package: from, messages, enums };
}

export const WELL_KNOWN: { readonly [path: string]: WellKnownFile } = {
  "google/protobuf/any.proto": file("google.protobuf", ["Any"]),
  "google/protobuf/api.proto": file("google.protobuf", ["Api", "Method", "Mixin"]),
  "google/protobuf/descriptor.proto": file("google.protobuf", OF_DESCRIPTORS, ENUMS_OF_DESCRIPTORS),
  "google/protobuf/duration.proto": file("google.protobuf", ["Duration"]),
  "google/protobuf/empty.proto": file("google.protobuf", ["Empty"]),
  "google/protobuf/field_mask.proto": file("google.protobuf", ["FieldMask"]),
  "google/protobuf/source_context.proto": file("google.protobuf", ["SourceContext"]),
  "google/protobuf/struct.proto": file("google.protobuf", ["Struct", "Value", "ListValue"], ["NullValue"]),
  "google/protobuf/timestamp.proto": file("google.protobuf", ["Timestamp"]),
  "google/protobuf/type.proto": file(
    "google.protobuf",
    ["Type", "Field", "Enum", "EnumValue", "Option"],
    ["Syntax", "Field.Kind", "Field.Cardinality"],
  ),
  "google/protobuf/wrappers.proto": file("google.protobuf", WRAPPERS),
  "google/type/calendar_period.proto": file("google.type", [], ["CalendarPeriod"]),
  "google/type/color.proto": file("google.type", ["Color"]),
  "google/type/date.proto": file("google.type", ["Date"]),
  "google/type/datetime.proto": file("google.type", ["DateTime", "TimeZone"]),
  "google/type/dayofweek.proto": file("google.type", [], ["DayOfWeek"]),
  "google/type/decimal.proto": file("google.type", ["Decimal"]),
  "google/type/expr.proto": file("google.type", ["Expr"]),
  "google/type/fraction.proto": file("google.type", ["Fraction"]),
  "google/type/interval.proto": file("google.type", ["Interval"]),
  "google/type/latlng.proto": file("google.type", ["LatLng"]),
  "google/type/localized_text.proto": file("google.type", ["LocalizedText"]),
  "google/type/money.proto": file("google.type", ["Money"]),
  "google/type/month.proto": file("google.type", [], ["Month"]),
  "google/type/phone_number.proto": file("google.type", ["PhoneNumber", "PhoneNumber.ShortCode"]),
  "google/type/postal_address.proto": file("google.type", ["PostalAddress"]),
  "google/type/quaternion.proto": file("google.type", ["Quaternion"]),
  "google/type/timeofday.proto": file("google.type", ["TimeOfDay"]),
  "confluent/meta.proto": file("confluent", ["Meta"]),
  "confluent/type/decimal.proto": file("confluent.type", ["Decimal"]),
};
