//! Tests of who may ask and what was used: what each change does, seen by reading.

use crate::testing::{Scratch, at, finished, id, new};
use crate::{
    Day, Durability, Edit, Filter, Finished, Key, NewExecution, Owner, PrincipalChange, PrincipalRecord,
    Project, ProjectChange, Quota, Rotation, Scope, Spent, Store, StoreError, Tenant, TenantChange,
    UsageFilter, Used, bounds, wait,
};
use casemate_types::{
    Action, AuditId, KeyId, PrincipalId, PrincipalKind, ProjectId, Role, Scopes, Status, TenantId,
};
use std::time::Duration;

fn tenant(n: u128) -> Tenant {
    Tenant {
        id: TenantId::from_value(n),
        name: format!("tenant {n}"),
        quota: Quota::default(),
        created_at: at(1),
        disabled_at: None,
    }
}

fn project(n: u128, of: u128) -> Project {
    Project {
        id: ProjectId::from_value(n),
        tenant_id: TenantId::from_value(of),
        name: format!("project {n}"),
        created_at: at(1),
        disabled_at: None,
    }
}

fn principal(n: u128, of: u128) -> PrincipalRecord {
    PrincipalRecord {
        id: PrincipalId::from_value(n),
        tenant_id: TenantId::from_value(of),
        project_id: ProjectId::from_value(of),
        kind: PrincipalKind::Service,
        role: Role::Developer,
        name: format!("principal {n}"),
        subject: None,
        created_at: at(2),
        disabled_at: None,
    }
}

fn key(n: u128, of: &PrincipalRecord) -> Key {
    Key {
        id: KeyId::from_value(n),
        tenant_id: of.tenant_id,
        principal_id: of.id,
        name: "ci".into(),
        hash: [n as u8; 32],
        scopes: Scopes::of([Action::ExecutionCreate, Action::ExecutionRead]),
        created_at: at(3),
        expires_at: Some(at(1000)),
        last_used_at: None,
        revoked_at: None,
        replaced_by: None,
        grace_until: None,
    }
}

/// Tenant 2 with project 2 and principal 2.
fn second(store: &Store) -> PrincipalRecord {
    let done = |edit: Result<Edit, StoreError>| assert_eq!(edit.unwrap(), Edit::Done);
    done(wait(|callback| store.create_tenant(tenant(2), callback)));
    done(wait(|callback| store.create_project(project(2, 2), callback)));
    done(wait(|callback| store.create_principal(principal(2, 2), callback)));
    principal(2, 2)
}

#[test]
fn the_built_in_tenant_is_there_from_the_first_start() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let owner = Owner::BUILT_IN;
    assert_eq!(store.tenant(owner.tenant_id).unwrap().unwrap().name, "default");
    assert_eq!(
        store.project(owner.project_id).unwrap().unwrap().tenant_id,
        owner.tenant_id
    );
    let admin = store.principal(owner.principal_id).unwrap().unwrap();
    assert_eq!((admin.role, admin.owner()), (Role::Admin, owner));
}

#[test]
fn tenants_projects_and_principals_are_made_once() {
    let scratch = Scratch::new();
    let store = scratch.store();
    second(&store);
    let tenant_again = wait(|callback| store.create_tenant(tenant(2), callback));
    assert_eq!(tenant_again.unwrap(), Edit::Taken);
    let same_name = Tenant {
        name: "tenant 2".into(),
        ..tenant(3)
    };
    assert_eq!(
        wait(|callback| store.create_tenant(same_name, callback)).unwrap(),
        Edit::Taken
    );
    assert_eq!(
        wait(|callback| store.create_project(project(5, 9), callback)).unwrap(),
        Edit::Missing
    );
    // A project of another tenant is none of this one's.
    let foreign = PrincipalRecord {
        project_id: ProjectId::from_value(1),
        ..principal(7, 2)
    };
    assert_eq!(
        wait(|callback| store.create_principal(foreign, callback)).unwrap(),
        Edit::Missing
    );
    let long = Tenant {
        name: "x".repeat(bounds::MAX_NAME_BYTES + 1),
        ..tenant(4)
    };
    assert!(matches!(
        wait(|callback| store.create_tenant(long, callback)),
        Err(StoreError::Bound { field: "name", .. })
    ));
    assert_eq!(store.tenants(None, 200).unwrap().items.len(), 2);
    assert_eq!(
        store
            .projects(Some(TenantId::from_value(2)), None, 9)
            .unwrap()
            .items,
        [project(2, 2)]
    );
    let found = store.principals(&Scope::tenant(TenantId::from_value(2)), None, 9);
    assert_eq!(found.unwrap().items, [principal(2, 2)]);
}

#[test]
fn changes_change_what_they_name() {
    let scratch = Scratch::new();
    let store = scratch.store();
    second(&store);
    let quota = Quota {
        concurrent: Some(4),
        cost_micros_per_day: Some(5_000_000),
        ..Quota::default()
    };
    let id = TenantId::from_value(2);
    let change = |change| wait(|callback| store.change_tenant(id, change, callback)).unwrap();
    assert_eq!(
        change(TenantChange {
            quota: Some(quota),
            ..TenantChange::default()
        }),
        Edit::Done
    );
    assert_eq!(
        change(TenantChange {
            name: Some("default".into()),
            ..TenantChange::default()
        }),
        Edit::Taken
    );
    assert_eq!(store.tenant(id).unwrap().unwrap(), Tenant { quota, ..tenant(2) });
    let id = ProjectId::from_value(2);
    let rename = ProjectChange {
        name: Some("other".into()),
        disabled_at: Some(Some(at(9))),
    };
    assert_eq!(
        wait(|callback| store.change_project(id, rename, callback)).unwrap(),
        Edit::Done
    );
    let found = store.project(id).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.disabled_at), ("other", Some(at(9))));
    let id = PrincipalId::from_value(2);
    let change = PrincipalChange {
        role: Some(Role::Auditor),
        subject: Some(Some("https://id.example alice".into())),
        ..PrincipalChange::default()
    };
    assert_eq!(
        wait(|callback| store.change_principal(id, change.clone(), callback)).unwrap(),
        Edit::Done
    );
    let (found, is_enabled) = store
        .principal_by_subject("https://id.example alice")
        .unwrap()
        .unwrap();
    // Its project is disabled.
    assert_eq!((found.id, found.role, is_enabled), (id, Role::Auditor, false));
    let other = wait(|callback| store.change_principal(Owner::BUILT_IN.principal_id, change, callback));
    assert_eq!(other.unwrap(), Edit::Taken);
    assert_eq!(store.principal_by_subject("nobody").unwrap(), None);
}

#[test]
fn a_key_finds_its_principal_until_somebody_is_disabled() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = second(&store);
    assert_eq!(
        wait(|callback| store.create_key(key(1, &holder), callback)).unwrap(),
        Edit::Done
    );
    let found = store.key_holder(KeyId::from_value(1)).unwrap().unwrap();
    assert_eq!((&found.key, &found.principal), (&key(1, &holder), &holder));
    assert!(found.is_enabled && found.key.counts_at(at(999)) && !found.key.counts_at(at(1000)));
    assert_eq!(store.key_holder(KeyId::from_value(2)).unwrap(), None);
    let foreign = Key {
        tenant_id: TenantId::from_value(1),
        ..key(5, &holder)
    };
    assert_eq!(
        wait(|callback| store.create_key(foreign, callback)).unwrap(),
        Edit::Missing
    );
    let disabled = TenantChange {
        disabled_at: Some(Some(at(5))),
        ..TenantChange::default()
    };
    wait(|callback| store.change_tenant(holder.tenant_id, disabled, callback)).unwrap();
    assert!(
        !store
            .key_holder(KeyId::from_value(1))
            .unwrap()
            .unwrap()
            .is_enabled
    );
}

#[test]
fn keys_are_rotated_and_revoked_once() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = second(&store);
    wait(|callback| store.create_key(key(1, &holder), callback)).unwrap();
    let rotation = |old: u128, new: u128| Rotation {
        old: KeyId::from_value(old),
        new: key(new, &holder),
        grace_until: at(500),
    };
    let rotate = |old, new| wait(|callback| store.rotate_key(rotation(old, new), callback)).unwrap();
    assert_eq!(rotate(1, 2), Edit::Done);
    assert_eq!(rotate(1, 3), Edit::Unchanged);
    assert_eq!(rotate(9, 3), Edit::Missing);
    let old = store.key(KeyId::from_value(1)).unwrap().unwrap();
    assert!(old.counts_at(at(499)) && !old.counts_at(at(500)));
    assert_eq!(old.replaced_by, Some(KeyId::from_value(2)));
    // An id that is there already leaves the old key as it was.
    assert_eq!(rotate(2, 1), Edit::Taken);
    assert_eq!(store.key(KeyId::from_value(2)).unwrap().unwrap(), key(2, &holder));
    let revoke = |n: u128| wait(|callback| store.revoke_key(KeyId::from_value(n), at(7), callback)).unwrap();
    assert_eq!(
        [revoke(2), revoke(2), revoke(3)],
        [Edit::Done, Edit::Unchanged, Edit::Missing]
    );
    assert!(!store.key(KeyId::from_value(2)).unwrap().unwrap().counts_at(at(8)));
    let used = vec![(KeyId::from_value(1), at(20)), (KeyId::from_value(77), at(20))];
    wait(|callback| store.touch_keys(used, callback)).unwrap();
    wait(|callback| store.touch_keys(vec![(KeyId::from_value(1), at(10))], callback)).unwrap();
    let found = store.key(KeyId::from_value(1)).unwrap().unwrap();
    assert_eq!(found.last_used_at, Some(at(20)));
}

#[test]
fn a_principal_has_a_bounded_number_of_keys() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = second(&store);
    let most = u128::from(bounds::MAX_KEYS);
    for n in 0..most {
        wait(|callback| store.create_key(key(n, &holder), callback)).unwrap();
    }
    let more = wait(|callback| store.create_key(key(most, &holder), callback));
    assert!(
        matches!(more, Err(StoreError::Bound { field: "keys", .. })),
        "{more:?}"
    );
    let first = store.keys(&Scope::default(), None, 60).unwrap();
    let rest = store
        .keys(&Scope::tenant(holder.tenant_id), first.next, 60)
        .unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next), (60, 40, None));
    // One that no longer counts makes room.
    wait(|callback| store.revoke_key(KeyId::from_value(3), at(4), callback)).unwrap();
    let more = wait(|callback| store.create_key(key(most, &holder), callback));
    assert_eq!(more.unwrap(), Edit::Done);
    assert_eq!(store.key(KeyId::from_value(3)).unwrap(), None);
}

#[test]
fn policies_are_kept_by_version() {
    let scratch = Scratch::new();
    let store = scratch.store();
    assert_eq!(store.policies().unwrap(), None);
    for n in 1..=bounds::MAX_POLICY_SETS + 2 {
        let by = Owner::BUILT_IN.principal_id;
        let saved = wait(|callback| store.save_policies(format!("permit {n}"), by, at(n), callback));
        assert_eq!(saved.unwrap(), n);
    }
    let newest = store.policies().unwrap().unwrap();
    assert_eq!((newest.version, newest.content.as_str()), (102, "permit 102"));
    assert_eq!(store.policies_of(2).unwrap(), None);
    assert_eq!(store.policies_of(3).unwrap().unwrap().created_at, at(3));
}

fn spent(n: u64) -> Spent {
    Spent {
        cpu_micros: n,
        memory_mib_ms: 10 * n,
        cost_micros: 100 * n,
    }
}

#[test]
fn an_end_adds_to_its_day_exactly_once() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = second(&store);
    let day = Duration::from_secs(86_400);
    let end = |n: u64, later: u32| {
        let record = NewExecution {
            owner: holder.owner(),
            ..new(id(n))
        };
        store.accept_now(record).unwrap();
        let end = Finished {
            ended_at: at(0) + later * day,
            audit_id: Some(AuditId::from_value(n.into())),
            spent: Some(spent(n)),
            ..finished(id(n), Status::Succeeded)
        };
        store.finish_now(end.clone()).unwrap();
        // The second end changes nothing.
        store.finish_now(end).unwrap();
    };
    for (n, later) in [(1, 0), (2, 0), (3, 1), (4, 3)] {
        end(n, later);
    }
    store.ended(9, vec![]);
    let first = Day::of(at(0));
    assert!(first.start() <= at(0) && at(0) < first.start() + day);
    let used = store.used_on(holder.tenant_id, first).unwrap();
    assert_eq!(
        used,
        Used {
            executions: 2,
            spent: spent(3)
        }
    );
    assert_eq!(
        store.used_on(holder.tenant_id, Day(first.0 + 2)).unwrap(),
        Used::default()
    );
    let filter = UsageFilter {
        tenant_id: holder.tenant_id,
        project_id: Some(holder.project_id),
        principal_id: Some(holder.id),
        from: first,
        to: Day(u32::MAX),
    };
    let days: Vec<_> = store
        .usage(&filter)
        .unwrap()
        .iter()
        .map(|one| one.day.0 - first.0)
        .collect();
    assert_eq!(days, [0, 1, 3]);
    let nobody = UsageFilter {
        project_id: Some(ProjectId::from_value(1)),
        ..filter
    };
    assert_eq!(store.usage(&nobody).unwrap(), []);
    let found = store.summary(id(4)).unwrap().unwrap();
    assert_eq!(
        (found.spent, found.audit_id),
        (Some(spent(4)), Some(AuditId::from_value(4)))
    );
    // Removing the execution does not take back what was used.
    wait(|callback| store.delete(id(1), Durability::Soft, callback)).unwrap();
    assert_eq!(store.used_on(holder.tenant_id, first).unwrap().executions, 2);
    let absurd = Finished {
        spent: Some(spent(u64::MAX / 1000)),
        ..finished(id(4), Status::Succeeded)
    };
    assert!(matches!(store.finish_now(absurd), Err(StoreError::Bound { .. })));
}

#[test]
fn executions_of_others_are_not_there() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = second(&store);
    store.ended(1, vec![]);
    let record = NewExecution {
        owner: holder.owner(),
        ..new(id(2))
    };
    store.accept_now(record).unwrap();
    let own = Scope::tenant(holder.tenant_id);
    assert_eq!(store.get_in(&own, id(1)).unwrap(), None);
    assert_eq!(store.summary_in(&own, id(1)).unwrap(), None);
    assert_eq!(store.get_in(&own, id(2)).unwrap().unwrap().summary.id, id(2));
    assert_eq!(store.owner(id(2)).unwrap(), Some(holder.owner()));
    assert_eq!(store.owner(id(3)).unwrap(), None);
    let listed = |scope| {
        let filter = Filter {
            scope,
            ..Filter::default()
        };
        let page = store.list(&filter, 9).unwrap();
        page.items.iter().map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(Scope::default()), [id(2), id(1)]);
    assert_eq!(listed(own), [id(2)]);
    let mixed = Scope {
        project_id: Some(holder.project_id),
        ..Scope::tenant(TenantId::from_value(1))
    };
    assert_eq!(listed(mixed), []);
    let principal = Scope {
        principal_id: Some(Owner::BUILT_IN.principal_id),
        ..Scope::default()
    };
    assert_eq!(listed(principal), [id(1)]);
}
