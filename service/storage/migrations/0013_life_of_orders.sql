-- Each order asks which bundles share a project with its own, because lines that wait for them are served first.
CREATE INDEX bundle_projects_of_project ON bundle_projects (project_id, bundle_id);
