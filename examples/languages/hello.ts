// TypeScript: casemate takes the types out in a sandbox of its own, then node runs it.
interface Greeting {
  text: string;
}

enum Language {
  TypeScript = "typescript",
}

const greeting: Greeting = { text: `hello from ${Language.TypeScript}` };
console.log(greeting.text satisfies string);
