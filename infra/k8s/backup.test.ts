import { type Container, containerOf as serverOf, type CronJob, render, type Workload } from "./render";
import { databaseServices } from "../services";

const containerOf = ({ spec }: CronJob) => spec.jobTemplate.spec.template.spec.containers[0];
const urlOf = ({ env }: Container) => env.find(({ name }) => name === "MONGO_URL")?.value;
const nameOf = ({ metadata }: CronJob) => metadata.name;

describe.each(["ci", "gke", "gke-ha"])("in the overlay %s", (overlay) => {
  let jobs: CronJob[];
  let workloads: Workload[];
  let settings: Record<string, string>;
  beforeAll(async () => {
    const rendered = await render(overlay);
    jobs = rendered.cronJobs.filter(({ metadata }) => metadata.labels?.role === "backup");
    ({ workloads } = rendered);
    const named = jobs
      .flatMap((job) => containerOf(job).envFrom ?? [])
      .map(({ configMapRef }) => configMapRef.name);
    const maps = rendered.configMaps.filter(({ metadata }) => named.includes(metadata.name));
    settings = Object.assign({}, ...maps.map(({ data }) => data));
  });

  it("each database is backed up hourly by its own job, one after the other", () => {
    const stores = databaseServices.toSorted();
    expect(jobs.map(nameOf).toSorted()).toEqual(stores.map((name) => `backup-${name}`));
    const minutes = Object.fromEntries(
      jobs.map((job) => [nameOf(job), Number(/^(\d+) \* \* \* \*$/.exec(job.spec.schedule)?.[1])]),
    );
    const order = Object.keys(minutes).toSorted((a, b) => (minutes[a] ?? 0) - (minutes[b] ?? 0));
    expect(order).toEqual(["backup-tickets", "backup-orders", "backup-payments", "backup-auth"]);
    for (const job of jobs) {
      const database = nameOf(job).replace("backup-", "");
      expect(urlOf(containerOf(job))).toContain(`/${database}?`);
    }
  });

  it("each job has the same database address as the service, with all members", () => {
    for (const job of jobs) {
      const service = workloads.find(({ metadata }) => `backup-${metadata.name}` === nameOf(job));
      expect(urlOf(containerOf(job))).toBe(service && urlOf(serverOf(service)));
      expect(serverOf(service as Workload).envFrom).toEqual(
        containerOf(job).envFrom?.slice(0, 1), // settings, which have the hosts
      );
    }
  });

  it("jobs of one database do not overlap", () => {
    for (const { spec } of jobs) {
      expect(spec).toMatchObject({
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: expect.any(Number),
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: { spec: { backoffLimit: 1, template: { spec: { restartPolicy: "Never" } } } },
      });
      expect(spec.jobTemplate.spec.activeDeadlineSeconds).toBeLessThan(3600);
    }
  });

  it("a failed job is removed after a day, which ends the chart's alert KubeJobFailed", () => {
    for (const { spec } of jobs) expect(spec.jobTemplate.spec.ttlSecondsAfterFinished).toBe(24 * 3600);
  });

  it("a job and its pods have the label by which the restore procedure stops them", () => {
    for (const job of jobs) {
      const { metadata, spec } = job.spec.jobTemplate;
      expect(metadata.labels.app).toBe(nameOf(job));
      expect(spec.template.metadata.labels.app).toBe(nameOf(job));
    }
  });

  it("its pods run the dump with the resources that it needs, and without other permissions", () => {
    for (const { spec } of jobs)
      expect(spec.jobTemplate.spec.template.spec).toMatchObject({
        serviceAccountName: "backup",
        containers: [
          {
            image: "eventhive/backup",
            args: ["dump"],
            resources: {
              requests: { cpu: expect.any(String), memory: expect.any(String) },
              limits: { memory: expect.any(String), "ephemeral-storage": expect.any(String) },
            },
          },
        ],
        volumes: expect.arrayContaining([{ name: "tmp", emptyDir: { sizeLimit: expect.any(String) } }]),
      });
  });

  it("backups are stored outside the database's volume, for at least a day", () => {
    expect(settings.BACKUP_URL).toBe(overlay === "ci" ? "file:///backups" : "");
    expect(Number(settings.BACKUP_KEEP_LAST)).toBeGreaterThanOrEqual(24);
    expect(Number(settings.BACKUP_KEEP_DAILY)).toBeGreaterThan(0);
    expect(Number(settings.BACKUP_KEEP_WEEKLY)).toBeGreaterThan(0);
  });
});
