use proptest::prelude::*;

use super::*;

#[test]
fn the_table_has_217_rows_in_document_order() {
    let rows = ErrorTable::shipped().rows();
    assert_eq!(rows.len(), 217);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(usize::from(row.n), at + 1);
        assert!([400, 403, 404, 500].contains(&row.status), "{row:?}");
    }
    assert_eq!(ErrorTable::shipped().row(78).map(|row| row.code.as_str()), Some("MissingParamter"));
    assert_eq!(ErrorTable::shipped().row(0), None);
    assert_eq!(ErrorTable::shipped().row(218), None);
}

#[test]
fn the_same_request_from_every_form() {
    let flat = Request::from_params([
        ("Action", "CreateInstance"),
        ("RegionId", "cn-hangzhou"),
        ("SystemDisk.Size", "40"),
        ("DataDisk.2.Size", "20"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", ""),
        ("InstanceName", ""),
        ("SystemDiskSize", "9"),
        ("Timestamp", "now"),
    ]);
    let json = Request::from_json(
        r#"{"Action":"CreateInstance","RegionId":"cn-hangzhou","SystemDisk":{"Size":40},
            "DataDisk":[null,{"Size":20}],"Tag":[{"Key":"k","Value":""}],"InstanceName":null,"SystemDiskSize":"9"}"#,
    );
    assert_eq!(Some(&flat), json.ok().as_ref());
    let mut code = Request::default();
    code.set(Param::Action, "CreateInstance")
        .set(Param::RegionId, "cn-hangzhou")
        .set(Param::SystemDiskSize, "40");
    code.set_disk(2, DiskField::Size, "20").set_tag(1, "k", "");
    assert_eq!(flat.fingerprint(), code.fingerprint());
    assert_eq!(flat.unknown(), ["SystemDiskSize".into()]);
    assert!(Request::from_json("[1]").is_err());
    assert!(Request::from_json("{").is_err());
}

#[test]
fn a_removed_parameter_leaves_nothing() {
    let mut request = Request::default();
    request.set(Param::UserData, "QQ==").set_disk(3, DiskField::Size, "5");
    assert_eq!(request.user_data(), UserData::Bytes(1));
    request.set(Param::UserData, "").set_disk(3, DiskField::Size, "");
    assert_eq!(request, Request::default());
}

#[test]
fn a_bare_key_is_that_of_the_first_disk() {
    let bare = Request::from_params([("KMSKeyId", "key-1")]);
    assert_eq!(bare.disk(1).and_then(|disk| disk.text(DiskField::KmsKeyId)), Some("key-1"));
    for pairs in
        [[("KMSKeyId", "a"), ("DataDisk.1.KMSKeyId", "b")], [("DataDisk.1.KMSKeyId", "b"), ("KMSKeyId", "a")]]
    {
        let both = Request::from_params(pairs);
        assert_eq!(both.disk(1).and_then(|disk| disk.text(DiskField::KmsKeyId)), Some("b"));
    }
}

#[test]
fn answers_look_as_documented() {
    // R9, R10, R11, R12, RPC-18, RPC-41, RPC-42, RPC-51 to RPC-53
    assert_eq!(
        success(Format::Xml, "R", "i-1"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CreateInstanceResponse><RequestId>R</RequestId>\
         <InstanceId>i-1</InstanceId></CreateInstanceResponse>"
    );
    assert_eq!(success(Format::Json, "R", "i-1"), r#"{"RequestId":"R","InstanceId":"i-1"}"#);
    assert!(
        failure(Format::Xml, "R", "C", "a \"b\" <c>")
            .contains("<Message>a &quot;b&quot; &lt;c&gt;</Message>")
    );
    assert_eq!(
        failure(Format::Xml, "R", "C", "M"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><RequestId>R</RequestId>\
         <HostId>ecs.aliyuncs.com</HostId><Code>C</Code><Message>M</Message></Error>"
    );
    assert_eq!(
        failure(Format::Json, "R", "C", "M"),
        r#"{"RequestId":"R","HostId":"ecs.aliyuncs.com","Code":"C","Message":"M"}"#
    );
    for (asked, format) in [
        (Some("Json"), Format::Json),
        (Some("JSON"), Format::Json),
        (Some("xml"), Format::Xml),
        (None, Format::Xml),
    ] {
        assert_eq!(Format::of(asked), format, "{asked:?}");
    }
}

#[test]
fn integers_are_what_r5_says() {
    for (text, value) in [("0", 0), ("-1", -1), ("007", 7), ("40", 40)] {
        assert_eq!(forms::integer(text), Some(value));
    }
    for text in ["", "-", "+40", "40.5", "4e1", " 40", "40 ", "٤٠", "--1", "0x10"] {
        assert_eq!(forms::integer(text), None, "{text}");
    }
    assert_eq!(forms::integer("99999999999999999999"), Some(i64::MAX));
}

#[test]
fn price_limits_have_at_most_three_decimals() {
    for (text, milli) in [("0.98", 980), ("1", 1000), ("0.001", 1), ("12.5", 12_500), ("0", 0), ("0.000", 0)]
    {
        assert_eq!(forms::price_milli(text), Some(milli), "{text}");
    }
    for text in ["", ".", "1.", ".5", "-1", "+1", "1e1", "0.9876", "abc", "1.2.3", " 1", "1,5"] {
        assert_eq!(forms::price_milli(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn every_integer_is_read_back(value in any::<i64>()) {
        let expected = if value == i64::MIN { -i64::MAX } else { value };
        prop_assert_eq!(forms::integer(&value.to_string()), Some(expected));
    }

    #[test]
    fn names_have_2_to_128_characters(length in 0usize..140) {
        let inside = (2..=128).contains(&length);
        prop_assert_eq!(forms::name(&"a".repeat(length)), inside);
        prop_assert_eq!(forms::name(&"实".repeat(length)), inside);
        let text = format!("1{}", "a".repeat(length));
        prop_assert!(!forms::name(&text));
        let text = format!("a{}.b", "a".repeat(length));
        prop_assert!(!forms::name(&text));
    }

    #[test]
    fn descriptions_have_2_to_256_characters(length in 0usize..270) {
        prop_assert_eq!(forms::description(&"é".repeat(length)), (2..=256).contains(&length));
        let text = format!("https://{}", "a".repeat(length));
        prop_assert!(!forms::description(&text));
    }

    #[test]
    fn host_names_have_2_to_64_characters(length in 0usize..70) {
        let inside = (2..=64).contains(&length);
        prop_assert_eq!(forms::host_name(&"a".repeat(length)), inside);
        let text = format!("{}.", "a".repeat(length));
        prop_assert!(!forms::host_name(&text));
        let text = format!("-{}", "a".repeat(length));
        prop_assert!(!forms::host_name(&text));
        let text = format!("a{}.-b", "a".repeat(length));
        prop_assert!(!forms::host_name(&text));
        prop_assert_eq!(forms::windows_host_name(&"w".repeat(length)), length <= 15 && length > 0);
    }

    #[test]
    fn passwords_have_8_to_30_characters_of_three_kinds(length in 0usize..40) {
        let three: String = "aA1".chars().cycle().take(length).collect();
        prop_assert_eq!(forms::password(&three), (8..=30).contains(&length));
        let two: String = "a1".chars().cycle().take(length).collect();
        prop_assert!(!forms::password(&two));
    }

    #[test]
    fn tags_have_64_and_128_characters(length in 0usize..140) {
        prop_assert_eq!(forms::tag_key(&"键".repeat(length)), (1..=64).contains(&length));
        prop_assert_eq!(forms::tag_value(&"v".repeat(length)), length <= 128);
    }

    #[test]
    fn tokens_have_64_ascii_characters(length in 0usize..80) {
        prop_assert_eq!(forms::client_token(&"t".repeat(length)), length <= 64);
        let foreign = format!("{}é", "t".repeat(length.min(10)));
        prop_assert!(!forms::client_token(&foreign));
    }

    #[test]
    fn user_data_is_base64_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 1..200)) {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
        let mut request = Request::default();
        request.set(Param::UserData, &text);
        prop_assert_eq!(request.user_data(), UserData::Bytes(bytes.len() as u32));
        request.set(Param::UserData, &format!("{text} "));
        prop_assert_eq!(request.user_data(), UserData::Malformed);
    }

    #[test]
    fn any_parameters_make_a_request(pairs in proptest::collection::vec((".{0,12}", ".{0,12}"), 0..20)) {
        let request = Request::from_params(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let again: Vec<_> = request.params().map(|(name, value)| (name, value.to_owned())).collect();
        let again = Request::from_params(again.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        prop_assert_eq!(request.fingerprint(), again.fingerprint());
    }
}
