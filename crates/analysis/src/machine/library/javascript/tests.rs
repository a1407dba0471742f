//! Flows through JavaScript, each beside one that looks like it and is none.

use crate::ir::{File, Language, Program};
use crate::submission::Bounds;

/// Whether data of the argument of `t` reaches a command.
fn flows(body: &str) -> bool {
    let source = format!(
        "const cp = require('child_process');\nfunction sink(x) {{ cp.execSync(x); }}\n\
         function t(input) {{\n{body}\n}}\nconst taint_src = 'x';\nt(taint_src);\n"
    );
    !sinks(&source).is_empty()
}

/// The sinks that data reaches.
fn sinks(source: &str) -> Vec<&'static str> {
    let mut program = Program::default();
    program.files.push(File::new(
        "main.js".to_owned(),
        Language::JavaScript,
        source.to_owned(),
    ));
    let trace = crate::machine::run(&mut program, &Bounds::default(), &crate::front::lower);
    trace.flows.iter().map(|flow| flow.sink.id).collect()
}

#[test]
fn twins_are_told_apart() {
    for (flow, none) in TWINS {
        assert!(flows(flow), "missed: {flow}");
        assert!(!flows(none), "alarm: {none}");
    }
}

#[test]
fn handlers_of_web_servers_get_requests() {
    let source = "const app = require('express')(); const fs = require('fs');\n\
        app.get('/', (req, res) => { fs.readFile(req.query.name, () => {}); res.status(200).send('x'); });\n\
        app.post('/', function (req, res, next) { res.send('hello ' + req.body.name); });\n\
        app.use((err, req, res, next) => { res.redirect(req.query.to); });";
    let mut found = sinks(source);
    found.sort_unstable();
    assert_eq!(found, ["markup", "path", "redirect"]);
}

#[test]
fn code_inside_code_is_followed() {
    let facts = |source: &str| {
        let mut program = Program::default();
        program.files.push(File::new(
            "main.js".to_owned(),
            Language::JavaScript,
            source.to_owned(),
        ));
        let trace = crate::machine::run(&mut program, &Bounds::default(), &crate::front::lower);
        format!("{:?}", trace.facts)
    };
    let hidden = "eval(Buffer.from('cmVxdWlyZSgnaHR0cCcpLmdldCgnaHR0cDovL2EuYicp', 'base64').toString())";
    assert!(facts(hidden).contains("http.get"), "{}", facts(hidden));
    let reversed = "const f = ['ex', 'ec'].join(''); require('child_' + 'process')[f]('dlrow'.split('').reverse().join(''))";
    assert!(facts(reversed).contains("world"), "{}", facts(reversed));
    let words = "require('child_process').spawn('bash', ['-c', 'curl http://a.b'])";
    assert!(facts(words).contains("sh:curl"), "{}", facts(words));
}

const TWINS: &[(&str, &str)] = &[
    (
        r#"(async()=>{ const f=async()=>input; const v=await f(); sink(v); })();"#,
        r#"(async()=>{ const f=async()=>"a"; const v=await f(); sink(v); })();"#,
    ),
    (
        r#"Promise.resolve(input).then(v=>v+"a").then(v=>sink(v));"#,
        r#"Promise.resolve(input).then(v=>"a").then(v=>sink(v));"#,
    ),
    (
        r#"Promise.reject(input).catch(e=>sink(e));"#,
        r#"Promise.reject("a").catch(e=>sink(e));"#,
    ),
    (
        r#"Promise.all([Promise.resolve("a"),Promise.resolve(input)]).then(([a,b])=>sink(b));"#,
        r#"Promise.all([Promise.resolve("a"),Promise.resolve(input)]).then(([a,b])=>sink(a));"#,
    ),
    (
        r#"let r="";setTimeout(()=>{sink(r)},0); r=input;"#,
        r#"let r=input;setTimeout(()=>{sink(r)},0); r="";"#,
    ),
    (
        r#"const {EventEmitter}=require("events"); class A extends EventEmitter{}; const e=new A(); e.on("x",v=>sink(v)); e.emit("x",input);"#,
        r#"const {EventEmitter}=require("events"); class A extends EventEmitter{}; const e=new A(); e.on("x",v=>sink(v)); e.emit("x","a");"#,
    ),
    (
        r#"function* g(){yield "a"; yield input} const i=g(); i.next(); sink(i.next().value);"#,
        r#"function* g(){yield "a"; yield input} const i=g(); sink(i.next().value);"#,
    ),
    (
        r#"function* a(){yield input} function* g(){yield* a()} for(const v of g()) sink(v);"#,
        r#"function* a(){yield "a"} function* g(){yield* a()} for(const v of g()) sink(v);"#,
    ),
    (
        r#"const it={[Symbol.iterator](){let d=false; return {next(){ if(d) return {done:true,value:undefined}; d=true; return {done:false,value:input}}}}}; for(const v of it) sink(v);"#,
        r#"const it={[Symbol.iterator](){let d=false; return {next(){ if(d) return {done:true,value:undefined}; d=true; return {done:false,value:"a"}}}}}; for(const v of it) sink(v);"#,
    ),
    (
        r#"const o={get x(){return input}}; sink(o.x);"#,
        r#"const o={get x(){return "a"}}; sink(o.x);"#,
    ),
    (
        r#"class A{#v="";get v(){return this.#v} set v(x){this.#v=x}} const a=new A(); a.v=input; sink(a.v);"#,
        r#"class A{#v="";get v(){return this.#v} set v(x){this.#v=x}} const a=new A(); a.v=input; a.v="b"; sink(a.v);"#,
    ),
    (
        r#"class A{static v; static {this.v=input}} sink(A.v);"#,
        r#"class A{static v; static {this.v="a"}} sink(A.v);"#,
    ),
    (
        r#"class A{f(){return input}} class B extends A{f(){return super.f()}} sink(new B().f());"#,
        r#"class A{f(){return "a"}} class B extends A{f(){return super.f()}} sink(new B().f());"#,
    ),
    (
        r#"const M=(B)=>class extends B{g(){return input}}; class A{}; class C extends M(A){}; sink(new C().g());"#,
        r#"const M=(B)=>class extends B{g(){return "a"}}; class A{}; class C extends M(A){}; sink(new C().g());"#,
    ),
    (
        r#"const p=new Proxy({},{get(t,k){return input}}); sink(p.x);"#,
        r#"const p=new Proxy({},{get(t,k){return "a"}}); sink(p.x);"#,
    ),
    (
        r#"const t={}; const p=new Proxy(t,{set(t,k,v){t[k]=v;return true}}); p.a=input; sink(t.a);"#,
        r#"const t={}; const p=new Proxy(t,{set(t,k,v){t[k]="x";return true}}); p.a=input; sink(t.a);"#,
    ),
    (
        r#"class A{constructor(x){this.x=x}} const a=Reflect.construct(A,[input]); sink(a.x);"#,
        r#"class A{constructor(x){this.x=x}} const a=Reflect.construct(A,["a"]); sink(a.x);"#,
    ),
    (
        r#"const o={}; Object.defineProperty(o,"a",{get(){return input}}); sink(o.a);"#,
        r#"const o={}; Object.defineProperty(o,"a",{get(){return "x"}}); sink(o.a);"#,
    ),
    (
        r#"const p={g(){return this.v}}; const o=Object.create(p); o.v=input; sink(o.g());"#,
        r#"const p={g(){return this.v}}; const o=Object.create(p); o.v="a"; sink(o.g());"#,
    ),
    (
        r#"const o={__proto__:{v:input}}; sink(o.v);"#,
        r#"const o={__proto__:{v:"a"}}; sink(o.v);"#,
    ),
    (
        r#"for(const [k,v] of Object.entries({a:input})) sink(v);"#,
        r#"for(const [k,v] of Object.entries({a:input})) sink(k);"#,
    ),
    (
        r#"const o=Object.fromEntries([["a","x"],["b",input]]); sink(o.b);"#,
        r#"const o=Object.fromEntries([["a","x"],["b",input]]); sink(o.a);"#,
    ),
    (
        r#"const {a:{b:[c]}}={a:{b:[input]}}; sink(c);"#,
        r#"const {a:{b:[c,d]}}={a:{b:["x",input]}}; sink(c);"#,
    ),
    (
        r#"const {a,...r}={a:"x",b:input}; sink(r.b);"#,
        r#"const {b,...r}={a:"x",b:input}; sink(r.a);"#,
    ),
    (
        r#"function f(a,b){sink(b)} f(...["x",input]);"#,
        r#"function f(a,b){sink(a)} f(...["x",input]);"#,
    ),
    (
        r#"function f(){sink(arguments[1])} f("a",input);"#,
        r#"function f(){sink(arguments[0])} f("a",input);"#,
    ),
    (
        r#"function f(a,b){sink(b)} f.bind(null,"a")(input);"#,
        r#"function f(a,b){sink(a)} f.bind(null,"a")(input);"#,
    ),
    (
        r#"const f=a=>b=>a+b; sink(f("x")(input));"#,
        r#"const f=a=>b=>a; sink(f("x")(input));"#,
    ),
    (
        r#"const o={v:input,f(){return (()=>this.v)()}}; sink(o.f());"#,
        r#"const o={v:"a",f(){return (()=>this.v)()}}; sink(o.f());"#,
    ),
    (
        r#"function tag(s,...v){return s[0]+v[0]} sink(tag`x${input}`);"#,
        r#"function tag(s,...v){return s[0]} sink(tag`x${input}`);"#,
    ),
    (
        r#"let a=null; a??=input; sink(a);"#,
        r#"let a="x"; a??=input; sink(a);"#,
    ),
    (
        r#"let r=""; o: for(let i=0;i<3;i++){for(;;){r=input; break o}} sink(r);"#,
        r#"let r=""; o: for(let i=0;i<3;i++){for(;;){break o; r=input}} sink(r);"#,
    ),
    (
        r#"let r=""; switch(1){case 1: r="a"; case 2: r=input} sink(r);"#,
        r#"let r=""; switch(1){case 1: r="a"; break; case 2: r=input} sink(r);"#,
    ),
    (
        r#"function f(){throw input} try{f()}catch(e){sink(e)}"#,
        r#"function f(){throw "a"} try{f()}catch(e){sink(e)}"#,
    ),
    (
        r#"(async()=>{ try{ await Promise.reject(input)}catch(e){sink(e)}})()"#,
        r#"(async()=>{ try{ await Promise.reject("a")}catch(e){sink(e)}})()"#,
    ),
    (
        r#"function c(){let v=""; return {s(x){v=x},g(){return v}}} const a=c(); a.s(input); sink(a.g());"#,
        r#"function c(){let v=""; return {s(x){v=x},g(){return v}}} const a=c(),b=c(); a.s(input); sink(b.g());"#,
    ),
    (
        r#"const m=new Map(); m.set("k",input); sink(m.get("k"));"#,
        r#"const m=new Map(); m.set("k",input); m.delete("k"); sink(m.get("k"));"#,
    ),
    (
        r#"const k={}; const m=new WeakMap(); m.set(k,input); sink(m.get(k));"#,
        r#"const k={},j={}; const m=new WeakMap(); m.set(k,input); m.set(j,"a"); sink(m.get(j));"#,
    ),
    (
        r#"const s=new Set(["a",input]); s.delete("a"); sink([...s][0]);"#,
        r#"const s=new Set(["a"]); s.delete("a"); sink([...s][0]);"#,
    ),
    (
        r#"const a=["x","y"]; a.splice(1,0,input); sink(a[1]);"#,
        r#"const a=["x","y"]; a.splice(1,0,input); sink(a[2]);"#,
    ),
    (
        r#"sink(["x",input].flatMap(v=>[v])[1]);"#,
        r#"sink(["x",input].flatMap(v=>[v])[0]);"#,
    ),
    (
        r#"const o=["a",input].reduce((acc,v,i)=>{acc["k"+i]=v; return acc},{}); sink(o.k1);"#,
        r#"const o=["a",input].reduce((acc,v,i)=>{acc["k"+i]=v; return acc},{}); sink(o.k0);"#,
    ),
    (
        r#"sink(("safe"+input).slice(4));"#,
        r#"sink(("safe"+input).slice(0,4));"#,
    ),
    (
        r#"sink("abc".replace(/b/,()=>input));"#,
        r#"sink("abc".replace(/b/,()=>"x"));"#,
    ),
    (
        r#"sink(JSON.parse(JSON.stringify({a:"x",b:input})).b);"#,
        r#"sink(JSON.parse(JSON.stringify({a:"x",b:"y"})).a);"#,
    ),
    (
        r#"sink(Buffer.from(Buffer.from(input).toString("base64"),"base64").toString());"#,
        r#"sink(Buffer.from("YQ==","base64").toString());"#,
    ),
    (r#"sink(eval("input"));"#, r#"sink(eval("'a'"));"#),
    (
        r#"const f=new Function("a","return a"); sink(f(input));"#,
        r#"const f=new Function("a","return 1"); sink(f("x"));"#,
    ),
    (
        r#"const o={toString(){return input}}; sink(`${o}`);"#,
        r#"const o={toString(){return "a"}}; sink(`${o}`);"#,
    ),
    (
        r#"function A(x){this.x=x} A.prototype.g=function(){return this.x}; function B(x){A.call(this,x)} B.prototype=Object.create(A.prototype); sink(new B(input).g());"#,
        r#"function A(x){this.x=x} A.prototype.g=function(){return this.x}; function B(x){A.call(this,x)} B.prototype=Object.create(A.prototype); sink(new B("a").g());"#,
    ),
    (
        r#"(async()=>{const r=await Promise.all([input].map(async x=>x)); sink(r[0])})()"#,
        r#"(async()=>{const r=await Promise.all([input].map(async x=>"a")); sink(r[0])})()"#,
    ),
    (
        r#"class A{constructor(){this.v=input} f(){["a"].forEach(function(){sink(this.v)},this)}} new A().f();"#,
        r#"class A{constructor(){this.v="a"} f(){["a"].forEach(function(){sink(this.v)},this)}} new A().f();"#,
    ),
    (
        r#"let r="",i=0; do{ i++; if(i<2) continue; r=input }while(i<2); sink(r);"#,
        r#"let r="",i=0; do{ i++; continue; r=input }while(i<2); sink(r);"#,
    ),
];
