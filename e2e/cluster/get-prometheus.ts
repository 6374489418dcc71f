import { findTool, prometheus } from "../../infra/k8s/find-tool";

// Before the tests, which run in a network without access to the internet.
void findTool(prometheus, { print: console.log });
