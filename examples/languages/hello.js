// JavaScript, by node.
console.log("hello from javascript");
