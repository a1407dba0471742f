//! Roles, tenants and sites against the policies that are shipped; problems and their places.

use super::*;
use casemate_types::*;
use std::time::Duration;

const OWN: Place = place(7, 70);
const SIBLING: Place = place(7, 71);
const FOREIGN: Place = place(8, 80);
const ME: PrincipalId = PrincipalId::from_value(700);
const OTHER: PrincipalId = PrincipalId::from_value(701);

const fn place(tenant: u128, project: u128) -> Place {
    Place {
        tenant_id: TenantId::from_value(tenant),
        project_id: ProjectId::from_value(project),
    }
}

fn principal(role: Role) -> Principal {
    Principal {
        id: ME,
        tenant_id: OWN.tenant_id,
        project_id: OWN.project_id,
        kind: PrincipalKind::User,
        role,
        name: "somebody".into(),
        credential: Credential::Key(KeyId::from_value(1)),
        scopes: Scopes::ALL,
    }
}

fn built_in(role: Role) -> Principal {
    Principal {
        role,
        ..Principal::built_in(Credential::Off)
    }
}

fn execution(place: Place, owner: PrincipalId) -> Resource {
    Resource::Execution {
        place,
        id: ExecutionId::from_value(5),
        owner,
        language: "python".into(),
    }
}

fn account(place: Place) -> Resource {
    Resource::Account {
        place,
        id: OTHER,
        kind: PrincipalKind::Service,
        role: Role::Developer,
    }
}

fn key(place: Place) -> Resource {
    Resource::Key {
        place,
        id: KeyId::from_value(9),
        owner: OTHER,
    }
}

/// One resource of each kind that the action is for, in this place.
fn resources(action: Action, place: Place) -> Vec<Resource> {
    use Action::*;
    let tenant = Resource::Tenant(place.tenant_id);
    let project = Resource::Project(place);
    match action {
        ExecutionCreate | ExecutionObserve | ExecutionRead | ExecutionCancel | DebugAttach => {
            vec![execution(place, ME)]
        }
        ExecutionList => vec![project, tenant],
        AnalysisCreate => vec![project],
        NetworkConnect => vec![Resource::Destination {
            place,
            host: "example.org".into(),
            port: 443,
            protocol: "https".into(),
            address: Some([93, 184, 216, 34].into()),
        }],
        DataRead => vec![Resource::DataSource {
            place,
            name: "orders".into(),
            kind: "postgres".into(),
        }],
        PackageInstall => vec![Resource::PackageIndex {
            place,
            ecosystem: "pypi".into(),
            name: "main".into(),
        }],
        StatusRead | MetricsRead | UsageRead => vec![tenant],
        AuditRead | AuditExport => vec![Resource::AuditLog(place.tenant_id)],
        KeyManage => vec![key(place), account(place), project, tenant],
        PrincipalManage => vec![account(place), project, tenant],
        TenantManage => vec![tenant],
        PolicyRead | PolicyWrite | BackupCreate | Administer => vec![Resource::Service],
    }
}

fn context() -> Context {
    Context {
        now: Duration::from_secs(1_800_000_000),
        source: Some([127, 0, 0, 1].into()),
        asked: Some(Asked::default()),
    }
}

fn site(text: &str) -> Result<PolicySet, PolicyError> {
    let text = PolicyText {
        name: "site.cedar".into(),
        text: text.into(),
    };
    PolicySet::load(Base::Shipped, &[text])
}

/// The words of the actions that are allowed on every resource of their kind in a place.
fn allowed(set: &PolicySet, principal: &Principal, place: Place) -> Vec<&'static str> {
    let may = |action: &Action| {
        let decide = |resource: Resource| {
            let decision = set.decide(principal, *action, &resource, &context());
            assert_eq!(decision.error(), None, "{action} {resource:?}");
            decision.allowed()
        };
        let answers: Vec<bool> = resources(*action, place).into_iter().map(decide).collect();
        answers.iter().all(|yes| *yes)
    };
    Action::ALL
        .iter()
        .copied()
        .filter(may)
        .map(Action::word)
        .collect()
}

#[test]
fn the_schema_has_every_word_and_no_other() {
    let set = PolicySet::shipped().unwrap();
    let names = |ids: Vec<String>| ids.into_iter().collect::<std::collections::BTreeSet<_>>();
    let actions = set
        .words
        .schema
        .actions()
        .map(|uid| uid.id().unescaped().to_owned());
    let ours = Action::ALL.iter().map(|one| one.word().to_owned());
    assert_eq!(names(actions.collect()), names(ours.collect()));
    let kinds = set
        .words
        .schema
        .entity_types()
        .map(|kind| kind.basename().to_owned());
    let ours = ResourceKind::ALL.iter().map(|kind| kind.name().to_owned());
    let ours = ours.chain(["Role".to_owned()]);
    assert_eq!(
        names(kinds.filter(|kind| kind != "Action").collect()),
        names(ours.collect())
    );
    for (place, role) in Role::ALL.iter().enumerate() {
        assert_eq!(*role as usize, place);
    }
    for (place, kind) in ResourceKind::ALL.iter().enumerate() {
        assert_eq!(*kind as usize, place);
    }
    for (place, action) in Action::ALL.iter().enumerate() {
        assert_eq!(*action as usize, place);
    }
}

#[test]
fn every_question_fits_the_schema() {
    let set = PolicySet::shipped().unwrap();
    for (action, place) in Action::ALL.iter().flat_map(|one| [(*one, OWN), (*one, FOREIGN)]) {
        for resource in resources(action, place).into_iter().chain([Resource::Service]) {
            let asked = super::entity::question(
                &set.words,
                &principal(Role::Developer),
                action,
                &resource,
                &context(),
            );
            let Ok((request, entities)) = asked else {
                assert!(resource == Resource::Service && !set.words.takes(action, ResourceKind::Service));
                continue;
            };
            let schema = Some(&set.words.schema);
            let parts = (
                request.principal(),
                request.action(),
                request.resource(),
                request.context(),
            );
            let (Some(who), Some(what), Some(which), Some(how)) = parts else {
                panic!("{action}: a part is missing");
            };
            cedar_policy::Request::new(who.clone(), what.clone(), which.clone(), how.clone(), schema)
                .unwrap();
            cedar_policy::Entities::from_entities(entities, schema).unwrap();
        }
    }
}

#[test]
fn roles_may_in_their_project() {
    let set = PolicySet::shipped().unwrap();
    let check = |role: Role, expected: &str| {
        assert_eq!(allowed(&set, &principal(role), OWN).join(" "), expected, "{role}");
    };
    check(
        Role::Admin,
        "execution:create execution:observe execution:read execution:list execution:cancel analysis:create \
         debug:attach status:read metrics:read usage:read audit:read audit:export key:manage principal:manage",
    );
    check(
        Role::Operator,
        "execution:create execution:observe execution:read execution:list execution:cancel analysis:create \
         debug:attach status:read metrics:read usage:read",
    );
    // Lists of the project, not of the tenant.
    check(
        Role::Developer,
        "execution:create execution:read execution:cancel analysis:create debug:attach status:read",
    );
    check(Role::Auditor, "status:read usage:read audit:read audit:export");
    check(Role::Viewer, "execution:read status:read");
}

#[test]
fn developers_and_viewers_list_their_project_alone() {
    let set = PolicySet::shipped().unwrap();
    for role in [Role::Developer, Role::Viewer] {
        let may = |resource| {
            set.decide(&principal(role), Action::ExecutionList, &resource, &context())
                .allowed()
        };
        assert!(may(Resource::Project(OWN)), "{role}");
        assert!(!may(Resource::Project(SIBLING)), "{role}");
        assert!(!may(Resource::Tenant(OWN.tenant_id)), "{role}");
    }
}

#[test]
fn a_sibling_project_is_for_admins_and_operators() {
    let set = PolicySet::shipped().unwrap();
    for role in [Role::Developer, Role::Viewer] {
        let words = allowed(&set, &principal(role), SIBLING);
        assert_eq!(words, ["status:read"], "{role}");
    }
    for role in [Role::Admin, Role::Operator] {
        let words = allowed(&set, &principal(role), SIBLING);
        assert_eq!(words, allowed(&set, &principal(role), OWN), "{role}");
    }
}

#[test]
fn nothing_of_another_tenant_may_be_touched() {
    let set = PolicySet::shipped().unwrap();
    for role in Role::ALL {
        let words = allowed(&set, &principal(role), FOREIGN);
        assert_eq!(words, Vec::<&str>::new(), "{role}");
    }
}

#[test]
fn the_built_in_tenant_administers_the_service_and_reads_no_foreign_program() {
    let set = PolicySet::shipped().unwrap();
    let words = allowed(&set, &built_in(Role::Admin), FOREIGN);
    let expected = "status:read metrics:read usage:read audit:read audit:export key:manage principal:manage \
                    tenant:manage policy:read policy:write backup:create administer";
    assert_eq!(words.join(" "), expected);
    let words = allowed(&set, &built_in(Role::Operator), FOREIGN);
    assert_eq!(words, Vec::<&str>::new());
    let on_service = |role, action| {
        set.decide(&built_in(role), action, &Resource::Service, &context())
            .allowed()
    };
    assert!(on_service(Role::Operator, Action::MetricsRead));
    assert!(on_service(Role::Auditor, Action::AuditRead));
    assert!(!on_service(Role::Developer, Action::MetricsRead));
}

#[test]
fn another_developers_program_is_not_debugged() {
    let set = PolicySet::shipped().unwrap();
    let debug = |owner| {
        let resource = execution(OWN, owner);
        set.decide(
            &principal(Role::Developer),
            Action::DebugAttach,
            &resource,
            &context(),
        )
        .allowed()
    };
    assert!(debug(ME) && !debug(OTHER));
}

#[test]
fn scopes_narrow_and_never_widen() {
    let set = PolicySet::shipped().unwrap();
    let mut narrow = principal(Role::Developer);
    narrow.scopes = Scopes::of([Action::ExecutionRead, Action::AuditRead]);
    assert_eq!(allowed(&set, &narrow, OWN), ["execution:read"]);
    let decision = set.decide(&narrow, Action::ExecutionCreate, &execution(OWN, ME), &context());
    assert_eq!(decision.ground, Ground::OutOfScope);
}

#[test]
fn a_forbid_that_fails_denies() {
    let overflow = r#"
        @id("no-giants")
        forbid (principal, action == Casemate::Action::"execution:create", resource)
        when { context.limits.memoryBytes * 9223372036854775807 > 0 };
    "#;
    let set = site(overflow).unwrap();
    let decision = set.decide(
        &principal(Role::Admin),
        Action::ExecutionCreate,
        &execution(OWN, ME),
        &context(),
    );
    assert!(!decision.allowed());
    assert!(
        decision.error().is_some_and(|error| error.contains("overflow")),
        "{decision}"
    );
    assert_eq!(decision.reasons, ["no-giants".into()]);
    // Other actions do not meet the policy, and go on.
    assert!(
        set.decide(
            &principal(Role::Admin),
            Action::ExecutionRead,
            &execution(OWN, ME),
            &context()
        )
        .allowed()
    );
}

#[test]
fn a_permit_that_fails_denies_what_another_permits() {
    let set = site(
        r#"permit (principal, action == Casemate::Action::"execution:create", resource)
           when { context.limits.memoryBytes * 9223372036854775807 > 0 };"#,
    );
    let set = set.unwrap();
    let decision = set.decide(
        &principal(Role::Admin),
        Action::ExecutionCreate,
        &execution(OWN, ME),
        &context(),
    );
    assert!(!decision.allowed() && decision.error().is_some());
}

#[test]
fn a_question_that_does_not_fit_the_schema_denies() {
    let set = PolicySet::shipped().unwrap();
    let wrong = set.decide(
        &built_in(Role::Admin),
        Action::Administer,
        &execution(OWN, ME),
        &context(),
    );
    assert!(!wrong.allowed() && wrong.error().is_some(), "{wrong}");
    let unasked = Context {
        asked: None,
        ..context()
    };
    let wrong = set.decide(
        &principal(Role::Admin),
        Action::ExecutionCreate,
        &execution(OWN, ME),
        &unasked,
    );
    assert!(!wrong.allowed() && wrong.error().is_some(), "{wrong}");
}

#[test]
fn the_site_says_what_is_reached_and_what_is_not_run() {
    let set = site(
        r#"
        @id("pypi-only")
        permit (principal, action == Casemate::Action::"package:install", resource)
        when { resource.ecosystem == "pypi" && resource in principal.project };
        permit (principal, action == Casemate::Action::"network:connect", resource)
        when { resource.host == "example.org" && resource.port == 443 };
        @id("not-inside")
        forbid (principal, action == Casemate::Action::"network:connect", resource)
        when { resource has address && resource.address.isInRange(ip("10.0.0.0/8")) };
        @id("no-bash")
        forbid (principal, action == Casemate::Action::"execution:create", resource)
        when { resource.language == "bash" };
        "#,
    )
    .unwrap();
    let developer = principal(Role::Developer);
    let words = allowed(&set, &developer, OWN);
    assert!(
        words.contains(&"package:install") && words.contains(&"network:connect"),
        "{words:?}"
    );
    let connect = |address: [u8; 4]| Resource::Destination {
        place: OWN,
        host: "example.org".into(),
        port: 443,
        protocol: "tcp".into(),
        address: Some(address.into()),
    };
    let decide = |resource| set.decide(&developer, Action::NetworkConnect, &resource, &context());
    assert_eq!(decide(connect([1, 1, 1, 1])).reasons, ["site.cedar:5".into()]);
    let inside = decide(connect([10, 0, 0, 1]));
    assert_eq!(
        (inside.ground, inside.reasons),
        (Ground::Forbidden, vec!["not-inside".into()])
    );
    let Resource::Execution { place, id, owner, .. } = execution(OWN, ME) else {
        unreachable!()
    };
    let bash = Resource::Execution {
        place,
        id,
        owner,
        language: "bash".into(),
    };
    let decision = set.decide(&developer, Action::ExecutionCreate, &bash, &context());
    assert_eq!(decision.to_string(), "denied by no-bash");
}

fn check_problem(text: &str, line: usize, column: usize, words: &str) {
    match site(text) {
        Err(PolicyError::Invalid(problems)) => {
            let fits =
                |one: &Problem| (one.line, one.column) == (line, column) && one.to_string().contains(words);
            assert!(problems.iter().any(fits), "{problems:#?}");
        }
        Err(other) => panic!("{text}: {other}"),
        Ok(_) => panic!("{text}: loaded"),
    }
}

#[test]
fn problems_name_their_line() {
    let any = "permit (principal, action, resource)";
    check_problem(
        &format!("{any};\n\n{any}\nwhen {{ 1 + }};"),
        4,
        12,
        "unexpected token",
    );
    check_problem(any, 1, 37, "unexpected end");
    check_problem("\n// é\npermit (principal, acton, resource);", 3, 20, "acton");
    check_problem(
        &format!("{any} when {{ principal.nothing == 1 }};"),
        1,
        45,
        "nothing",
    );
    let head = r#"permit (principal, action == Casemate::Action::"execution:read", resource)"#;
    check_problem(
        &format!("{head}\nwhen {{ resource.languag == \"c\" }};"),
        2,
        8,
        "did you mean `language`",
    );
    check_problem(
        &format!("{head}\nwhen {{ resource.owner.kind == \"user\" }};"),
        2,
        8,
        "level",
    );
    check_problem(
        &format!("{};", head.replace("read", "raed")),
        1,
        30,
        "unrecognized action",
    );
    check_problem(&format!("{head}\nwhen {{ resource.language == 1 }};"), 2, 8, "");
    check_problem(
        "permit (principal == ?principal, action, resource);",
        1,
        22,
        "templates are not taken",
    );
    check_problem(
        "@id(\"status\")\npermit (principal, action, resource);",
        1,
        1,
        "default.cedar:",
    );
    check_problem(
        "@id(\"\")\npermit (principal, action, resource);",
        1,
        1,
        "an id is",
    );
}

#[test]
fn a_rule_that_never_applies_is_refused() {
    let text = r#"
forbid (principal, action == Casemate::Action::"administer", resource is Casemate::Execution);"#;
    check_problem(text, 2, 1, "applicable");
    let text = r#"
forbid (principal, action == Casemate::Action::"administer", resource)
when { principal.kind == "user" && resource is Casemate::Tenant };"#;
    check_problem(text, 2, 1, "impossible");
}

#[test]
fn sets_have_bounds_and_digests() {
    let text = |name: &str, text: &str| PolicyText {
        name: name.into(),
        text: text.into(),
    };
    let many = vec![text("a", ""); MAX_FILES + 1];
    assert!(matches!(
        PolicySet::load(Base::Empty, &many),
        Err(PolicyError::TooMuch { .. })
    ));
    let long = [text("a", &" ".repeat(MAX_TEXT_BYTES + 1))];
    assert!(matches!(
        PolicySet::load(Base::Empty, &long),
        Err(PolicyError::TooMuch { .. })
    ));
    let one = PolicySet::load(Base::Empty, &[text("ab", "")]).unwrap();
    let other = PolicySet::load(Base::Empty, &[text("a", "b")]);
    assert!(other.is_err());
    assert_ne!(one.digest(), PolicySet::shipped().unwrap().digest());
    let admin = built_in(Role::Admin);
    let decision = one.decide(&admin, Action::StatusRead, &Resource::Service, &context());
    assert_eq!(decision.ground, Ground::NotPermitted);
}
