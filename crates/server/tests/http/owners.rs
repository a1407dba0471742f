//! What belongs to others is answered like what there is not.

use crate::server::Server;
use casemate_engine::service::store::Owner;
use casemate_types::{ProjectId, TenantId};

#[test]
fn a_foreign_id_is_answered_like_an_unknown_one() {
    let server = Server::start();
    let own = Owner::BUILT_IN;
    let strangers = [
        Owner {
            tenant_id: TenantId::from_value(2),
            ..own
        },
        Owner {
            tenant_id: TenantId::from_value(2),
            project_id: ProjectId::from_value(2),
            ..own
        },
    ];
    let foreign = strangers.map(|owner| server.record_of(owner, b"secret", b"", &[("a", vec![1])], 10));
    let mine = server.record(b"mine", b"", &[("a", vec![1])]);
    let unknown = "01arz3ndektsv4rrffq69g5fav";
    for (method, rest) in [
        ("GET", ""),
        ("GET", "/events"),
        ("GET", "/files/a"),
        ("DELETE", ""),
    ] {
        let ask = |id: &str| server.call(method, &format!("/v1/executions/{id}{rest}"));
        assert_eq!(ask(&mine.to_string()).status, 200, "{method} {rest}");
        let expected = ask(unknown);
        assert_eq!(expected.status, 404);
        for id in foreign {
            let got = ask(&id.to_string());
            assert_eq!((got.status, &got.body), (404, &expected.body), "{method} {rest}");
            let names = |headers: &[(String, String)]| {
                headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
            };
            assert_eq!(names(&got.headers), names(&expected.headers), "{method} {rest}");
        }
    }
    let list = server.get("/v1/executions").json();
    let ids: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [mine.to_string()]);
}
