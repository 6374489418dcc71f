import type { Express, RequestHandler } from "express";
import { type Method, type Route, openApi } from "../contract/openapi";
import type { Endpoint } from "./endpoint";
import { methodNotAllowed } from "./error-handler";

/** Where a service lists its routes. */
export type Api = Pick<Express, "use" | Method>;

/** Adds routes to an app, and remembers their methods and descriptions. */
export class Routes {
  private readonly described: Route[] = [];
  private readonly methods = new Map<string, Method[]>();
  readonly api: Api;

  constructor(private readonly app: Express) {
    const add = (method: Method) =>
      ((path: string, ...handlers: (Endpoint | RequestHandler)[]) => {
        this.methods.set(path, [...(this.methods.get(path) ?? []), method]);
        for (const each of handlers)
          if ("description" in each && each.description)
            this.described.push({ method, path, description: each.description });
        return app[method](path, ...(path.includes(":") ? [this.leaveLiteralPaths] : []), ...handlers.flat());
      }) as Express[Method];
    this.api = {
      use: app.use.bind(app),
      get: add("get"),
      post: add("post"),
      put: add("put"),
      delete: add("delete"),
    };
  }

  /** Before a route with parameters: `PUT /api/tickets/stream` is another method of a known path, not of a ticket. */
  private readonly leaveLiteralPaths: RequestHandler = (req, _res, next) =>
    next(this.methods.has(req.path) ? "route" : undefined);

  /** To be called before routes with parameters, which the path may match. */
  serveDocument({ title, path }: { title: string; path: string }): void {
    let made: ReturnType<typeof openApi> | undefined;
    const document = () => (made ??= openApi(title, this.described));
    this.app.locals.openApi = document;
    this.api.get(path, (_req, res) => void res.json(document()));
  }

  /** To be called after all routes. */
  refuseOtherMethods(): void {
    for (const [path, methods] of this.methods) this.app.all(path, methodNotAllowed(methods));
  }
}
