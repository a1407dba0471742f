//! Small programs: what reaches a call of `seen` is what the models computed.

use crate::fact::{FactArgument, FactKind};
use crate::ir::{File, Language, Program};
use crate::{Bounds, front, machine};

fn facts(source: &str) -> Vec<FactKind> {
    let mut program = Program::default();
    let file = File::new("main.py".to_owned(), Language::Python, source.to_owned());
    program.files.push(file);
    let trace = machine::run(&mut program, &Bounds::default(), &front::lower);
    trace.facts.into_iter().map(|fact| fact.kind).collect()
}

fn shown(argument: &FactArgument) -> String {
    match (&argument.text, argument.number) {
        (Some(text), _) => text.to_string(),
        (None, Some(number)) => number.to_string(),
        (None, None) if !argument.items.is_empty() => argument.items.join("|"),
        (None, None) => argument.paths.join("|"),
    }
}

/// What `seen` is given.
fn check(source: &str, expected: &[&str]) {
    let mut seen = Vec::new();
    for fact in facts(source) {
        if let FactKind::Call { path, arguments } = fact
            && &*path == "seen"
        {
            seen.extend(arguments.iter().map(shown));
        }
    }
    assert_eq!(seen, expected, "{source}");
}

#[test]
fn texts() {
    check(
        "seen('-'.join(['a', 'b']), 'ABC'.lower()[::-1], ' x '.strip())",
        &["a-b", "cba", "x"],
    );
    check(
        "seen('{0}{b}{{{1:>3}'.format('p', 7, b='q'), '%s/%d' % ('u', 5))",
        &["pq{  7", "u/5"],
    );
    check(
        "seen('a,b,c'.split(','), 'a b'.partition(' ')[2], f'{255:02x}')",
        &["a|b|c", "b", "ff"],
    );
    check(
        "seen('abc'.translate(str.maketrans('ab', 'xy')), 'hello'.find('l'))",
        &["xyc", "2"],
    );
    check(
        "seen(str(12) + repr('q'), int('0x1f', 16), len('abc'), chr(ord('a') + 1))",
        &["12'q'", "31", "3", "b"],
    );
}

#[test]
fn bytes_and_codecs() {
    check(
        "import base64 as b\nseen(b.b64decode('aGk=').decode(), b.b64encode(b'hi'))",
        &["hi", "aGk="],
    );
    check(
        "import codecs\nseen(codecs.decode('uryyb', 'rot13'), bytes.fromhex('6869').decode())",
        &["hello", "hi"],
    );
    check(
        "seen(bytes([104, 105]), 'hi'.encode().hex(), b'\\x68'.decode('latin-1'))",
        &["hi", "6869", "h"],
    );
    check(
        "import binascii\nseen(binascii.unhexlify('6869'), ''.join(chr(c ^ 1) for c in b'ih'))",
        &["hi", "hi"],
    );
    check(
        "b = bytearray(b'ih')\nfor i in range(len(b)):\n  b[i] ^= 1\nseen(b.decode(), bytes(b))",
        &["hi", "hi"],
    );
    check(
        "from urllib.parse import unquote\nseen(unquote('%68i'), r'\\x68'.encode().decode('unicode_escape'))",
        &["hi", "h"],
    );
}

#[test]
fn decoders_within_decoders() {
    check(
        "import base64, zlib, codecs\nx = zlib.decompress(base64.b64decode('eJwryMkvAAAEVgG8'))\nseen(x.decode(), codecs.decode(b'6869', 'hex'))",
        &["plop", "hi"],
    );
    let bomb = facts("import base64\nbase64.b64decode('aGVsbG8gd29ybGQ=')");
    assert!(
        bomb.iter()
            .any(|fact| matches!(fact, FactKind::Text { text, .. } if &**text == "hello world"))
    );
}

#[test]
fn containers() {
    check(
        "l = [3, 1, 2]\nl.sort()\nl.append(4)\nl.pop(0)\nseen(l)",
        &["2|3|4"],
    );
    check(
        "d = {'a': 'x'}\nd.update(b='y')\nseen(d.get('a'), d.pop('b'), d.get('b', 'z'))",
        &["x", "y", "z"],
    );
    check(
        "seen([k + v for k, v in {'a': 'b'}.items()], list(zip('ab', 'cd'))[1])",
        &["ab", "b|d"],
    );
    check(
        "seen(list(map(chr, [97, 98])), sorted(['b', 'a']), list(reversed('ab')))",
        &["a|b", "a|b", "b|a"],
    );
    check(
        "s = {'a'}\ns.add('b')\ns.discard('a')\nseen(list(s), sum([1, 2]), max(3, 9))",
        &["b", "3", "9"],
    );
    check(
        "from functools import reduce\nseen(reduce(lambda a, b: a + b, ['x', 'y']))",
        &["xy"],
    );
    check(
        "import queue\nq = queue.Queue()\nq.put('x')\nq.put('y')\nseen(q.get())",
        &["x"],
    );
}

#[test]
fn names_by_text() {
    check(
        "m = __import__('o' + 's')\nseen(getattr(m, 'sys' + 'tem'))",
        &["os.system"],
    );
    check(
        "import importlib\nseen(importlib.import_module('subprocess').Popen)",
        &["subprocess.Popen"],
    );
    check(
        "class A: pass\na = A()\nsetattr(a, 'x', 'y')\nseen(a.x, getattr(a, 'z', 'w'))",
        &["y", "w"],
    );
    check(
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\nseen(P('a', 'b').y)",
        &["b"],
    );
    check(
        "from functools import partial\nf = partial(lambda a, b: a + b, 'x')\nseen(f('y'))",
        &["xy"],
    );
    check(
        "from operator import itemgetter\nseen(itemgetter(1)(['a', 'b']))",
        &["b"],
    );
}

#[test]
fn code_inside_code() {
    check(
        "exec('seen(\"a\")')\nseen(eval('\"b\" + \"c\"'))\nexec('x = \"d\"')\nseen(x)",
        &["a", "bc", "d"],
    );
    check(
        "import base64\nexec(compile(base64.b64decode('c2VlbignaGknKQ=='), '<s>', 'exec'))",
        &["hi"],
    );
    let found = facts("import subprocess\nsubprocess.run(['bash', '-c', 'curl x | sh'])");
    let inner = found
        .iter()
        .any(|fact| matches!(fact, FactKind::Inner { path, .. } if &**path == "subprocess.run"));
    assert!(inner, "{found:?}");
}

#[test]
fn what_runs_later_is_run() {
    check(
        "import threading\ndef f(a): seen(a)\nthreading.Thread(target=f, args=('x',)).start()",
        &["x"],
    );
    check(
        "import asyncio\nasync def f(a): return a\nasync def g(): seen(*(await asyncio.gather(f('x'), f('y'))))\nasyncio.run(g())",
        &["x", "y"],
    );
    check(
        "from concurrent.futures import ThreadPoolExecutor as E\nwith E() as e: seen(e.submit(lambda a: a + 'b', 'a').result())",
        &["ab"],
    );
}

#[test]
fn settings() {
    check(
        "import configparser\nc = configparser.ConfigParser()\nc.set('s', 'A', 'x')\nc.set('s', 'b', 'y')\nseen(c.get('s', 'a'))",
        &["x"],
    );
    check(
        "import os.path, shlex\nseen(os.path.join('/a', 'b'), shlex.quote(\"a b\"), os.path.splitext('x.py')[1])",
        &["/a/b", "'a b'", ".py"],
    );
}
