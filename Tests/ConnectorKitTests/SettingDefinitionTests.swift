import ConnectorKit
import StrictJSON
import Testing

struct SettingDefinitionTests {
    private let definitions = [
        SettingDefinition("token", .text, "The token.", secret: true),
        SettingDefinition("read_only", .flag, "No writes.", default: "false"),
        SettingDefinition("count", .integer(1...50), "How many.", default: "50"),
        SettingDefinition("color", .choice(["red", "green"]), "Which.", default: "red"),
        SettingDefinition("note", .text, "A \"note\"."),
    ]

    @Test func schema() {
        #expect(
            SettingDefinition.jsonSchema(of: definitions, title: "Settings") == [
                "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings", "type": "object",
                "properties": [
                    "token": ["type": "string", "description": "The token.", "writeOnly": true],
                    "read_only": [
                        "type": "string", "description": "No writes.", "enum": ["true", "false"], "default": "false",
                    ],
                    "count": [
                        "type": "string", "description": "How many.", "pattern": "^-?[0-9]+$", "default": "50",
                    ],
                    "color": [
                        "type": "string", "description": "Which.", "enum": ["red", "green"], "default": "red",
                    ],
                    "note": ["type": "string", "description": "A \"note\"."],
                ],
                "additionalProperties": ["type": "string"],
            ])
    }

    @Test func onlySecretsAreWriteOnly() throws {
        let properties = try #require(
            SettingDefinition.jsonSchema(of: definitions, title: "")["properties"]?.objectValue)
        #expect(properties.members.map(\.key) == definitions.map(\.name))
        for (definition, member) in zip(definitions, properties.members) {
            #expect((member.value["writeOnly"] == true) == definition.isSecret)
            #expect(member.value["default"]?.stringValue == definition.defaultValue)
        }
    }

    @Test func withoutSettings() throws {
        let schema = SettingDefinition.jsonSchema(of: [], title: "None")
        #expect(schema["properties"] == [:])
        #expect(try JSON(parsing: schema.bytes) == schema)
    }
}
