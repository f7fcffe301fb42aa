use auth_challenge::{testing::CorbadoDouble, *};

#[tokio::test]
async fn a_wrong_code_is_rejected_and_the_right_one_proves_the_address() -> Result<(), Error> {
    // Each vendor has a double: a server on loopback that behaves as the vendor does.
    let vendor = CorbadoDouble::start().await;
    let auth = vendor.provider();
    let challenge = auth.create(&vendor.person("jane@doe.com")).await?;

    let wrong = auth.verify(challenge.handle(), &vendor.wrong_answer(&challenge)).await?;
    assert!(matches!(wrong, Verification::Rejected(_)));
    let right = auth.verify(challenge.handle(), &vendor.right_answer(&challenge)).await?;
    assert!(matches!(right, Verification::Verified(proof) if proof.recipient() == Some("jane@doe.com")));

    // Every request kept to the vendor's document.
    vendor.violations().assert_none();
    Ok(())
}
