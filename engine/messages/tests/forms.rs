//! Money, times, durations and the other checked texts.

use countersign_messages::{
    ContentHash, ErrorBody, FactName, LogId, Money, Quantity, Reply, Timestamp, Token, WhoReply,
};

#[test]
fn money_is_a_decimal_string() {
    for amount in ["0", "0.00", "300000.00", "-8.50", "1234567890123456789012345.678"] {
        let money = Money::new(amount, "CNY").expect(amount);
        let text = format!("{{\"amount\":\"{amount}\",\"currency\":\"CNY\"}}");
        assert_eq!(serde_json::to_string(&money).expect("written"), text);
        assert_eq!(serde_json::from_str::<Money>(&text).expect("read"), money);
    }
    for amount in [
        "",
        "-",
        ".5",
        "5.",
        "+1",
        "01",
        "1e3",
        "1,000",
        "1_000",
        " 1",
        "1.2.3",
        "12345678901234567890123456789",
    ] {
        assert!(Money::new(amount, "CNY").is_err(), "{amount}");
    }
    for currency in ["", "cny", "CN", "CNYY", "C Y"] {
        assert!(Money::new("1", currency).is_err(), "{currency}");
    }
}

#[test]
fn money_as_a_json_number_is_refused() {
    for text in [r#"{"amount":300000.00,"currency":"CNY"}"#, r#"{"amount":1,"currency":"CNY"}"#] {
        let error = serde_json::from_str::<Money>(text).expect_err("a number");
        assert!(error.to_string().contains("expected a string"), "{error}");
    }
    assert!(serde_json::from_str::<Money>(r#"{"amount":"1","currency":"CNY","scale":2}"#).is_err());
}

#[test]
fn a_quantity_is_money_or_units() {
    let units: Quantity = serde_json::from_str(r#"{"amount":"3.5","unit":"%"}"#).expect("units");
    assert!(matches!(units, Quantity::Units { .. }));
    let money: Quantity = serde_json::from_str(r#"{"amount":"3.50","currency":"CNY"}"#).expect("money");
    assert_eq!(money, Money::new("3.50", "CNY").expect("money").into());
    assert!(serde_json::from_str::<Quantity>(r#"{"amount":3.5,"unit":"%"}"#).is_err());
}

#[test]
fn times_are_rfc_3339_with_offset() {
    let good = [
        "2025-04-21T09:00:00Z",
        "2025-04-21T09:00:00+08:00",
        "2024-02-29T23:59:59.999999999-11:30",
        "2000-02-29T00:00:00Z",
        "0000-01-01T00:00:00.1+00:00",
    ];
    for text in good {
        assert_eq!(Timestamp::new(text).expect(text).as_str(), text);
    }
    let bad = [
        "",
        "2025-04-21",
        "2025-04-21T09:00+08:00",
        "2025-04-21T09:00:00",
        "2025-04-21 09:00:00Z",
        "2025-04-21t09:00:00z",
        "2025-02-29T09:00:00Z",
        "1900-02-29T09:00:00Z",
        "2025-04-31T09:00:00Z",
        "2025-13-01T09:00:00Z",
        "2025-00-01T09:00:00Z",
        "2025-04-00T09:00:00Z",
        "2025-04-21T24:00:00Z",
        "2025-04-21T09:60:00Z",
        "2025-04-21T09:00:60Z",
        "2025-04-21T09:00:00.Z",
        "2025-04-21T09:00:00.1234567890Z",
        "2025-04-21T09:00:00+8:00",
        "2025-04-21T09:00:00+24:00",
        "2025-04-21T09:00:00+08:60",
        "2025-04-21T09:00:00+0800",
        "2025-04-21T09:00:00Zx",
        "+025-04-21T09:00:00Z",
        "2025-04-21T09:00:00\u{4e2d}\u{4e2d}",
    ];
    for text in bad {
        assert!(Timestamp::new(text).is_err(), "{text}");
    }
}

#[test]
fn hashes_and_log_ids_are_lower_case_hexadecimal() {
    assert_eq!(ContentHash::from_bytes(&[0xAB; 32]).as_str(), "ab".repeat(32));
    assert_eq!(LogId::from_bytes(&[0x0F; 16]).as_str(), "0f".repeat(16));
    let all: [u8; 32] = std::array::from_fn(|n| u8::try_from(n * 8 + 7).expect("a byte"));
    assert_eq!(ContentHash::from_bytes(&all).to_bytes(), all);
    assert_eq!(LogId::from_bytes(&[0xF1; 16]).to_bytes(), [0xF1; 16]);
    assert!(ContentHash::new("AB".repeat(32)).is_err() && ContentHash::new("ab".repeat(31)).is_err());
    assert!(LogId::new("0g".repeat(16)).is_err());
}

#[test]
fn a_fact_knows_its_subject() {
    let fact = FactName::new("finance.receipt.posted").expect("a fact");
    let demo = Token::new("demo").expect("a token");
    assert_eq!(fact.subject(&demo).to_string(), "countersign.demo.in.finance.receipt.posted");
}

#[test]
fn a_reply_is_either_granted_or_refused() {
    let refused: Reply<WhoReply> =
        Reply::error(ErrorBody::new("CONFLICT", "Expected version 2, found 3."), 7);
    let text = r#"{"error":{"code":"CONFLICT","message":"Expected version 2, found 3."},"sequence":7}"#;
    assert_eq!(String::from_utf8(refused.to_json().expect("written")).expect("UTF-8"), text);
    assert_eq!(serde_json::from_str::<Reply<WhoReply>>(text).expect("read"), refused);
    for text in
        [r#"{"sequence":7}"#, r#"{"ok":null,"sequence":7}"#, r#"{"error":{"code":"A","message":"b"}}"#]
    {
        assert!(serde_json::from_str::<Reply<WhoReply>>(text).is_err(), "{text}");
    }
}
