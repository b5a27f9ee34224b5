import Testing

/// The cases of JSONTestSuite (Nicolas Seriot, "Parsing JSON is a minefield"), under its names and with its verdicts.
///
/// In the texts, a character up to U+00FF stands for the byte of that value; whatever needs more is written as its
/// bytes. See `bytes(_:)`.
enum JSONConformance {
    /// One text.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ text: String) {
            self.name = name
            bytes = JSONConformance.bytes(text)
        }
    }

    /// Characters as bytes, one each.
    static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// UTF-8 in the notation of the tables.
    private static func utf8(_ text: String) -> String {
        String(String.UnicodeScalarView(text.utf8.map { Unicode.Scalar($0) }))
    }

    /// `y_`: must be accepted. The two with equal names are, in ``equalNames``, ours to decide.
    static let accepted: [Case] = [
        Case("array_arraysWithSpaces", "[[]   ]"),
        Case("array_empty", "[]"),
        Case("array_empty-string", #"[""]"#),
        Case("array_ending_with_newline", #"["a"]"#),
        Case("array_false", "[false]"),
        Case("array_heterogeneous", #"[null, 1, "1", {}]"#),
        Case("array_null", "[null]"),
        Case("array_with_1_and_newline", "[1\n]"),
        Case("array_with_leading_space", " [1]"),
        Case("array_with_several_null", "[1,null,null,null,2]"),
        Case("array_with_trailing_space", "[2] "),
        Case("number", "[123e65]"),
        Case("number_0e+1", "[0e+1]"),
        Case("number_0e1", "[0e1]"),
        Case("number_after_space", "[ 4]"),
        Case("number_double_close_to_zero", "[-0." + String(repeating: "0", count: 77) + "1]\n"),
        Case("number_int_with_exp", "[20e1]"),
        Case("number_minus_zero", "[-0]"),
        Case("number_negative_int", "[-123]"),
        Case("number_negative_one", "[-1]"),
        Case("number_negative_zero", "[-0]"),
        Case("number_real_capital_e", "[1E22]"),
        Case("number_real_capital_e_neg_exp", "[1E-2]"),
        Case("number_real_capital_e_pos_exp", "[1E+2]"),
        Case("number_real_exponent", "[123e45]"),
        Case("number_real_fraction_exponent", "[123.456e78]"),
        Case("number_real_neg_exp", "[1e-2]"),
        Case("number_real_pos_exponent", "[1e+2]"),
        Case("number_simple_int", "[123]"),
        Case("number_simple_real", "[123.456789]"),
        Case("object", #"{"asd":"sdf", "dfg":"fgh"}"#),
        Case("object_basic", #"{"asd":"sdf"}"#),
        Case("object_empty", "{}"),
        Case("object_empty_key", #"{"":0}"#),
        Case("object_escaped_null_in_key", #"{"foo\u0000bar": 42}"#),
        Case("object_extreme_numbers", #"{ "min": -1.0e+28, "max": 1.0e+28 }"#),
        Case(
            "object_long_strings",
            #"{"x":[{"id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}], "id": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#
        ),
        Case("object_simple", #"{"a":[]}"#),
        Case(
            "object_string_unicode", #"{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430 \u0417\u0435\u043c\u043b"}"#
        ),
        Case("object_with_newlines", "{\n\"a\": \"b\"\n}"),
        Case("string_1_2_3_bytes_UTF-8_sequences", #"["\u0060\u012a\u12AB"]"#),
        Case("string_accepted_surrogate_pair", #"["\uD801\udc37"]"#),
        Case("string_accepted_surrogate_pairs", #"["\ud83d\ude39\ud83d\udc8d"]"#),
        Case("string_allowed_escapes", #"["\"\\\/\b\f\n\r\t"]"#),
        Case("string_backslash_and_u_escaped_zero", #"["\\u0000"]"#),
        Case("string_backslash_doublequotes", #"["\""]"#),
        Case("string_comments", #"["a/*b*/c/*d//e"]"#),
        Case("string_double_escape_a", #"["\\a"]"#),
        Case("string_double_escape_n", #"["\\n"]"#),
        Case("string_escaped_control_character", #"["\u0012"]"#),
        Case("string_escaped_noncharacter", #"["\uFFFF"]"#),
        Case("string_in_array", #"["asd"]"#),
        Case("string_in_array_with_leading_space", #"[ "asd"]"#),
        Case("string_last_surrogates_1_and_2", #"["\uDBFF\uDFFF"]"#),
        Case("string_nbsp_uescaped", #"["new\u00A0line"]"#),
        Case("string_nonCharacterInUTF-8_U+10FFFF", utf8("[\"\u{10FFFF}\"]")),
        Case("string_nonCharacterInUTF-8_U+FFFF", utf8("[\"\u{FFFF}\"]")),
        Case("string_null_escape", #"["\u0000"]"#),
        Case("string_one-byte-utf-8", #"["\u002c"]"#),
        Case("string_pi", utf8("[\"π\"]")),
        Case("string_reservedCharacterInUTF-8_U+1BFFF", utf8("[\"\u{1BFFF}\"]")),
        Case("string_simple_ascii", #"["asd "]"#),
        Case("string_space", #"" ""#),
        Case("string_surrogates_U+1D11E_MUSICAL_SYMBOL_G_CLEF", #"["\uD834\uDd1e"]"#),
        Case("string_three-byte-utf-8", #"["\u0821"]"#),
        Case("string_two-byte-utf-8", #"["\u0123"]"#),
        Case("string_u+2028_line_sep", utf8("[\"\u{2028}\"]")),
        Case("string_u+2029_par_sep", utf8("[\"\u{2029}\"]")),
        Case("string_uEscape", #"["\u0061\u30af\u30EA\u30b9"]"#),
        Case("string_uescaped_newline", #"["new\u000Aline"]"#),
        Case("string_unescaped_char_delete", "[\"\u{7F}\"]"),
        Case("string_unicode", #"["\uA66D"]"#),
        Case("string_unicodeEscapedBackslash", #"["\u005C"]"#),
        Case("string_unicode_2", utf8("[\"⍂㈴⍂\"]")),
        Case("string_unicode_U+10FFFE_nonchar", #"["\uDBFF\uDFFE"]"#),
        Case("string_unicode_U+1FFFE_nonchar", #"["\uD83F\uDFFE"]"#),
        Case("string_unicode_U+200B_ZERO_WIDTH_SPACE", #"["\u200B"]"#),
        Case("string_unicode_U+2064_invisible_plus", #"["\u2064"]"#),
        Case("string_unicode_U+FDD0_nonchar", #"["\uFDD0"]"#),
        Case("string_unicode_U+FFFE_nonchar", #"["\uFFFE"]"#),
        Case("string_unicode_escaped_double_quote", #"["\u0022"]"#),
        Case("string_utf8", utf8("[\"€𝄞\"]")),
        Case("string_with_del_character", "[\"a\u{7F}a\"]"),
        Case("structure_lonely_false", "false"),
        Case("structure_lonely_int", "42"),
        Case("structure_lonely_negative_real", "-0.1"),
        Case("structure_lonely_null", "null"),
        Case("structure_lonely_string", #""asd""#),
        Case("structure_lonely_true", "true"),
        Case("structure_string_empty", #""""#),
        Case("structure_trailing_newline", "[\"a\"]\n"),
        Case("structure_true_in_array", "[true]"),
        Case("structure_whitespace_array", " [] "),
    ]

    /// `y_` of the suite; refused from clients and accepted from vendors here.
    static let equalNames: [Case] = [
        Case("object_duplicated_key", #"{"a":"b","a":"c"}"#),
        Case("object_duplicated_key_and_value", #"{"a":"b","a":"b"}"#),
    ]

    /// `i_` that are accepted here: numbers of any size are text, and half of a surrogate pair passes in a value.
    static let acceptedByDecision: [Case] = [
        Case("number_double_huge_neg_exp", "[123.456e-789]"),
        Case("number_huge_exp", "[0.4e00669" + String(repeating: "9", count: 100) + "6" + "9999999006]"),
        Case("number_neg_int_huge_exp", "[-1e+9999]"),
        Case("number_pos_double_huge_exp", "[1.5e+9999]"),
        Case("number_real_neg_overflow", "[-123123e100000]"),
        Case("number_real_pos_overflow", "[123123e100000]"),
        Case("number_real_underflow", "[123e-10000000]"),
        Case("number_too_big_neg_int", "[-123123123123123123123123123123]"),
        Case("number_too_big_pos_int", "[100000000000000000000]"),
        Case("number_very_big_negative_int", "[-237462374673276894279832749832423479823246327846]"),
        Case("string_1st_surrogate_but_2nd_missing", #"["\uDADA"]"#),
        Case("string_1st_valid_surrogate_2nd_invalid", #"["\uD888\u1234"]"#),
        Case("string_incomplete_surrogate_and_escape_valid", #"["\uD800\n"]"#),
        Case("string_incomplete_surrogate_pair", #"["\uDd1ea"]"#),
        Case("string_incomplete_surrogates_escape_valid", #"["\uD800\uD800\n"]"#),
        Case("string_invalid_lonely_surrogate", #"["\ud800"]"#),
        Case("string_invalid_surrogate", #"["\ud800abc"]"#),
        Case("string_inverted_surrogates_U+1D11E", #"["\uDd1e\uD834"]"#),
        Case("string_lone_second_surrogate", #"["\uDFAA"]"#),
    ]

    /// `i_` that are refused here: text that is not UTF-8, byte order marks, names that cannot be compared, and what
    /// is nested more deeply than a client may.
    static let refusedByDecision: [Case] = [
        Case("object_key_lone_2nd_surrogate", #"{"\uDFAA":0}"#),
        Case("string_UTF-16LE_with_BOM", "\u{FF}\u{FE}[\0\"\0\u{E9}\0\"\0]\0"),
        Case("string_UTF-8_invalid_sequence", "[\"" + utf8("日ш") + "\u{FA}\"]"),
        Case("string_UTF8_surrogate_U+D800", "[\"\u{ED}\u{A0}\u{80}\"]"),
        Case("string_invalid_utf-8", "[\"\u{FF}\"]"),
        Case("string_iso_latin_1", "[\"\u{E9}\"]"),
        Case("string_lone_utf8_continuation_byte", "[\"\u{81}\"]"),
        Case("string_not_in_unicode_range", "[\"\u{F4}\u{BF}\u{BF}\u{BF}\"]"),
        Case("string_overlong_sequence_2_bytes", "[\"\u{C0}\u{AF}\"]"),
        Case("string_overlong_sequence_6_bytes", "[\"\u{FC}\u{83}\u{BF}\u{BF}\u{BF}\u{BF}\"]"),
        Case("string_overlong_sequence_6_bytes_null", "[\"\u{FC}\u{80}\u{80}\u{80}\u{80}\u{80}\"]"),
        Case("string_truncated-utf-8", "[\"\u{E0}\u{FF}\"]"),
        Case("string_utf16BE_no_BOM", "\0[\0\"\0\u{E9}\0\"\0]"),
        Case("string_utf16LE_no_BOM", "[\0\"\0\u{E9}\0\"\0]\0"),
        Case(
            "structure_500_nested_arrays",
            String(repeating: "[", count: 500) + String(repeating: "]", count: 500)),
        Case("structure_UTF-8_BOM_empty_object", "\u{EF}\u{BB}\u{BF}{}"),
    ]
}
